/** Small wrong changes of the host scripts, the job script and what reads their answers; each must turn a test red. */
interface Mutant {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly tests: readonly string[];
}

const ROOM = 'src/scheduler';
const DIRECT = ['test/contract/scheduler-direct.test.ts'];
const SSH = ['test/contract/scheduler-ssh.test.ts'];
const ORDER = ['test/scheduler/job-order.test.ts'];
const FLUSHES = ['test/scheduler/flushes.test.ts'];
const CLAIM = ['test/scheduler/job-claim.test.ts'];
const JUDGE = ['test/scheduler/judge.test.ts'];
const PUEUE = ['test/scheduler/pueue-blind.test.ts'];
const ANSWER = ['test/scheduler/facts-answer.test.ts'];

export const SCHEDULER_MUTANTS: readonly Mutant[] = [
  {
    name: 'what may not be looked at is absent',
    file: `${ROOM}/host-script.ts`,
    find: '  why="$1 cannot be looked at: \\${why##*: }"\n  return 1',
    replace: '  why=\n  return 0',
    tests: DIRECT,
  },
  {
    name: 'a file in the place of a directory is absent',
    file: `${ROOM}/host-receipts.ts`,
    find: 'then there=hidden why="$directory is not a directory"; return 0; fi',
    replace: 'then there=absent why=; return 0; fi',
    tests: DIRECT,
  },
  {
    name: 'a receipt of a gigabyte is read byte by byte',
    file: `${ROOM}/host-receipts.ts`,
    find: '-size +16',
    replace: '-size +99999999',
    tests: DIRECT,
  },
  {
    name: 'a receipt that is a pipe is opened',
    file: `${ROOM}/host-receipts.ts`,
    find: '  [ -f "$1" ] || return 0\n',
    replace: '',
    tests: DIRECT,
  },
  {
    name: 'a claim that this user may not read is as good as garbled',
    file: `${ROOM}/host-receipts.ts`,
    find: 'cat "$1" > /dev/null 2>&1 || {',
    replace: 'true || {',
    tests: SSH,
  },
  {
    name: 'a folder in the place of the manifest is none',
    file: `${ROOM}/host-receipts.ts`,
    find: `[ "$end_state" != absent ] || hides=\\\${why:-"$directory/manifest is not a file"}`,
    replace: 'manifest=absent',
    tests: DIRECT,
  },
  {
    name: 'a revocation gets its name before it is flushed',
    file: `${ROOM}/host-receipts.ts`,
    find: 'then flush "$mine"; ln "$mine" "$1/claim" 2> /dev/null; fi',
    replace: 'then ln "$mine" "$1/claim" 2> /dev/null; flush "$mine"; fi',
    tests: FLUSHES,
  },
  {
    name: 'a claim is relied on that a power cut may take',
    file: `${ROOM}/host-receipts.ts`,
    find: '[ ! -e "$1/claim" ] || flush "$1/claim" "$1"',
    replace: ':',
    tests: FLUSHES,
  },
  {
    name: 'a renamed host does not know the sessions of its own jobs',
    file: `${ROOM}/host-receipts.ts`,
    find: '"$2 $4 $5" = "job $boot $namespace"',
    replace: '"$2 $3 $4 $5" = "job $node $boot $namespace"',
    tests: DIRECT,
  },
  {
    name: 'a renamed host is another machine',
    file: `${ROOM}/judge.ts`,
    find: 'if (claim.bootId === node.bootId && claim.pidNamespace === node.pidNamespace) {',
    replace:
      'if (claim.node === node.name && claim.bootId === node.bootId && claim.pidNamespace === node.pidNamespace) {',
    tests: JUDGE,
  },
  {
    name: 'any machine whose name is ours was booted',
    file: `${ROOM}/judge.ts`,
    find: 'return claim.node === node.name && claim.bootId !== node.bootId',
    replace: 'return claim.bootId !== node.bootId',
    tests: JUDGE,
  },
  {
    name: 'the list of attempts leaves out what is no directory',
    file: `${ROOM}/housekeeping-commands.ts`,
    find: '    found=\\${found##*/}',
    replace: '    [ -d "$found" ] || continue\n    found=\\${found##*/}',
    tests: DIRECT,
  },
  {
    name: 'attempts that cannot be listed are an empty list',
    file: `${ROOM}/host-script.ts`,
    find: '  [ -r "$root/attempts" ] && [ -x "$root/attempts" ] || problem',
    replace: '  : || problem',
    tests: SSH,
  },
  {
    name: 'a copy that cannot be looked at is none',
    file: `${ROOM}/housekeeping-commands.ts`,
    find: '  [ -z "$why" ] || problem garbled "$why"\n',
    replace: '',
    tests: SSH,
  },
  {
    name: 'an earlier attempt that nobody can read counts as revoked',
    file: `${ROOM}/create-command.ts`,
    find: 'hidden) veiled=$why; return ;;',
    replace: 'hidden) continue ;;',
    tests: SSH,
  },
  {
    name: 'an earlier claim that nobody can read counts as revoked',
    file: `${ROOM}/create-command.ts`,
    find: `'whole revoked '*) ;; *) earlier=$name; return ;;`,
    replace: `'whole job '*) earlier=$name; return ;;`,
    tests: DIRECT,
  },
  {
    name: 'a takeover passes over what it cannot read',
    file: `${ROOM}/takeover-command.ts`,
    find: '[ "$there" != hidden ] || problem',
    replace: ': || problem',
    tests: SSH,
  },
  {
    name: 'a job is let go whose claim nobody can read',
    file: `${ROOM}/attempt-commands.ts`,
    find: `  hidden*) printf 'outcome blocked %s\\\\n' "$text" ;;`,
    replace: '  hidden*) queue_release ;;',
    tests: DIRECT,
  },
  {
    name: 'what cannot be revoked is not stopped either',
    file: `${ROOM}/attempt-commands.ts`,
    find: 'end_processes "$token" ${tenths} "$claimed"',
    replace: '[ "$claim_state" = hidden ] || end_processes "$token" ${tenths} "$claimed"',
    tests: DIRECT,
  },
  {
    name: 'an end that cannot be looked at is lost',
    file: `${ROOM}/facts-answer.ts`,
    find: "  if (state !== 'hidden') return { state, text };\n  draft.unreadable ??= text;",
    replace: "  if (state !== 'hidden') return { state, text };",
    tests: ANSWER,
  },
  {
    name: 'a stop counts its grace in looks, not by the clock',
    file: `${ROOM}/host-processes.ts`,
    find: 'clock; [ "$tenths" -lt "$limit" ] || return 0',
    replace: 'round=$((\\${round:-0} + 10)); clock; [ "$round" -lt "$2" ] || return 0',
    tests: DIRECT,
  },
  {
    name: 'a stop looks as often as it can',
    file: `${ROOM}/host-processes.ts`,
    find: 'second=$((tenths + 10))',
    replace: 'second=$((tenths + 1))',
    tests: DIRECT,
  },
  {
    name: 'two stops of one attempt run side by side',
    file: `${ROOM}/attempt-commands.ts`,
    find: '    `alone\n',
    replace: '    `:\n',
    tests: DIRECT,
  },
  {
    name: 'a stop that was killed holds up every later one',
    file: `${ROOM}/host-processes.ts`,
    find: 'if lives "$pid" "$ticks"; then',
    replace: 'if :; then',
    tests: DIRECT,
  },
  {
    name: 'the number of a stop that was killed is taken for it',
    file: `${ROOM}/host-processes.ts`,
    find: '[ -z "$start" ] || [ "\\${20-}" = "$start" ]',
    replace: ':',
    tests: DIRECT,
  },
  {
    name: 'the claimed shell is killed before it can write how its payload ended',
    file: `${ROOM}/host-processes.ts`,
    find: 'send KILL "$3"',
    replace: 'send KILL none',
    tests: DIRECT,
  },
  {
    name: 'a stop that is cut off makes its host unreachable',
    file: `${ROOM}/end.ts`,
    find: '    return outcome.sent\n',
    replace: '    return !outcome.sent\n',
    tests: DIRECT,
  },
  {
    name: 'a removal gives up at the first thing that stays',
    file: `${ROOM}/housekeeping-commands.ts`,
    find: 'rm -rf "$part" || stays=yes',
    replace: 'rm -rf "$part" || return 1',
    tests: SSH,
  },
  {
    name: 'the claim goes while something else stays',
    file: `${ROOM}/housekeeping-commands.ts`,
    find: '[ "$stays" = no ] && rm -rf',
    replace: 'rm -rf',
    tests: SSH,
  },
  {
    name: 'the manifest goes after the data',
    file: `${ROOM}/housekeeping-commands.ts`,
    find: 'rm -rf "$directory/manifest" && flush "$directory" || return 1',
    replace: ':',
    tests: FLUSHES,
  },
  {
    name: 'a sweep ends at the first that stays',
    file: `${ROOM}/housekeeping-commands.ts`,
    find: '"$(printf \'%s\' "$said" | head -n 1)"; break; }',
    replace: '"$(printf \'%s\' "$said" | head -n 1)"; break 2; }',
    tests: SSH,
  },
  {
    name: 'folders that came without the right to write stay in staging',
    file: `${ROOM}/housekeeping-commands.ts`,
    find: 'if [ "$tries" = 1 ]; then find "$root/staging/$token" -type d ! -perm -700 -exec chmod u+rwx',
    replace: 'if [ "$tries" = 1 ]; then find "$root/staging/$token" -type d ! -perm -700 -exec true',
    tests: SSH,
  },
  {
    name: 'the end is written before the list of outputs',
    file: `${ROOM}/job-script.ts`,
    find: 'persist list_outputs\npersist write_end && flush end .',
    replace: 'persist write_end && flush end .\npersist list_outputs',
    tests: ORDER,
  },
  {
    name: 'the list of outputs grows under its own name',
    file: `${ROOM}/job-script.ts`,
    find: '{ list > "outputs.$id"; } 2> /dev/null\n',
    replace: '{ list > outputs; cp outputs "outputs.$id"; } 2> /dev/null\n',
    tests: ORDER,
  },
  {
    name: 'a late start does not look for its manifest again',
    file: `${ROOM}/job-script.ts`,
    find: 'claim won behind its back is void\n[ -f manifest ] || exit',
    replace: 'claim won behind its back is void\n: || exit',
    tests: ORDER,
  },
  {
    name: 'a claim of a job gets its name before it is flushed',
    file: `${ROOM}/job-script.ts`,
    find: 'flush "claim.$id" .\n',
    replace: '',
    tests: FLUSHES,
  },
  {
    name: 'an end gets its name before it is flushed',
    file: `${ROOM}/job-script.ts`,
    find: '  flush "end.$id" .\n',
    replace: '',
    tests: FLUSHES,
  },
  {
    name: 'a job whose claim is another one’s runs all the same',
    file: `${ROOM}/job-script.ts`,
    find: 'if ! holds claim "$claim" 2> /dev/null; then',
    replace: 'if false; then',
    tests: CLAIM,
  },
  {
    name: 'one odd task of pueue makes the host unreachable',
    file: `${ROOM}/pueue-commands.ts`,
    find: 'queue_find() { pueue_tasks || later "$ODD"',
    replace: 'queue_find() { pueue_tasks || problem garbled "$ODD"',
    tests: PUEUE,
  },
  {
    name: 'one odd task of pueue is none',
    file: `${ROOM}/pueue-commands.ts`,
    find: 'queue_find() { pueue_tasks || later "$ODD"',
    replace: 'queue_find() { pueue_tasks || :',
    tests: PUEUE,
  },
  {
    name: 'an attempt is removed whose task pueue still has',
    file: `${ROOM}/pueue-commands.ts`,
    find: '[ -z "$mine" ] || later',
    replace: ': || later',
    tests: PUEUE,
  },
];
