import { quote, quotePath } from '../transport/quote.ts';
import { encodeWord } from './receipts.ts';
import type { JobSpec } from './scheduler.ts';

/**
 * job.sh: what the queue starts. POSIX sh; it exits with the code of the command, 113 when somebody claimed the attempt
 * before (another start of the same job, or our revocation), 114 when no claim can be made here (no manifest, no hard
 * links, disk full): never 0 without having run the command to its end.
 */

/** The job was not the first to claim its attempt. */
const EXIT_LOST = 113;
/** No claim could be made. */
const EXIT_UNCLAIMABLE = 114;

/** What the job must not list among its outputs: its own control files. */
const CONTROL_FILES = ['manifest', 'job.sh', 'claim', 'outputs', 'end', 'stdout', 'stderr', 'slot'] as const;

/** Why no script can be made of it, for a person; null when one can. */
export function specProblem(spec: JobSpec): string | null {
  const texts = [spec.command, spec.prologue ?? '', ...Object.entries(spec.env).flat()];
  if (texts.some((text) => text.includes('\0'))) return 'the command, prologue or environment holds a NUL byte';
  if (spec.command === '') return 'the command is empty';
  const name = Object.keys(spec.env).find((name) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  return name === undefined ? null : `${JSON.stringify(name)} cannot be the name of an environment variable`;
}

/**
 * What the claimed job runs, by its own `sh -c`. Everything of the user's is a quoted word, so that a broken prologue
 * (an open quote, an endless here-document) cannot swallow the lines after it; a prologue that ends the shell, with
 * whatever code, is a failure and not a success.
 */
function payload(spec: JobSpec): string {
  const environment = Object.entries(spec.env).map(([name, value]) => `export ${name}=${quote(value)}`);
  const prologue =
    spec.prologue === null
      ? []
      : [
          `trap 'code=$?; echo "mqi: the prologue ended with $code: the command was not started" >&2; [ $code != 0 ] || code=1; exit $code' EXIT`,
          'set -e',
          `eval ${quote(spec.prologue)}`,
          'set +e',
          'trap - EXIT',
        ];
  return [
    ...environment,
    `export MQI_TOKEN=${quote(spec.token)} MQI_INPUTS="$PWD/inputs"`,
    ...prologue,
    `exec sh -c ${quote(spec.command)}`,
  ].join('\n');
}

/** `root` is absolute or below `~/`. The script's last line proves that it arrived whole. */
export function jobScript(spec: JobSpec, root: string): string {
  return `#!/bin/sh
# job.sh of ${spec.token}, made by mqi-communicator. Runs its command once, however often it is started.
MQI_TOKEN=${quote(spec.token)}; export MQI_TOKEN
root=${quotePath(root)}
directory=${quotePath(root, 'attempts', spec.token)}
slot=${quote(encodeWord(spec.slot))}
payload=${quote(payload(spec))}
${OUTER}${INNER}${lastLine(spec.token)}
`;
}

export function lastLine(token: string): string {
  return `# whole ${token}`;
}

/**
 * The payload gets a session of its own, by which its processes are found even when they lose their environment. The
 * queue sees the outer shell, which waits and hands on the signals that ask to end.
 */
const OUTER = `
if [ "\${1-}" != inner ]; then
  command -v setsid > /dev/null 2>&1 || exec sh "$0" inner
  asked=
  trap 'asked=yes; kill -s TERM -- "-$inner" 2> /dev/null || kill -s TERM "$inner" 2> /dev/null' TERM INT
  setsid sh "$0" inner < /dev/null &
  inner=$!
  while :; do
    wait "$inner"; code=$?
    # a signal cuts \`wait\` short: then the inner shell is still there
    [ -n "$asked" ] || break
    asked=
  done
  exit "$code"
fi
`;

/** Ten minutes of a full disk, in steps of five seconds, do not throw a long calculation away. */
const WRITE_TRIES = 120;

const INNER = `
# trapped, not ignored: the payload gets these signals with their usual meaning, this shell lives on to write \`end\`
trap : TERM INT HUP
cd "$directory" 2> /dev/null || exit ${EXIT_UNCLAIMABLE}
[ -f manifest ] || exit ${EXIT_UNCLAIMABLE}
flush() { sync "$@" 2> /dev/null || sync 2> /dev/null || :; }
holds() { found=; IFS= read -r found < "$1" && [ "$found" = "$2" ]; }

IFS= read -r stat < "/proc/$$/stat" && IFS= read -r boot < /proc/sys/kernel/random/boot_id || exit ${EXIT_UNCLAIMABLE}
set -- \${stat##*) }
session=$4 start=\${20}
[ "$session" = $$ ] || session=-
namespace=$(readlink /proc/self/ns/pid | tr -cd 0-9)
node=$(uname -n | tr -c '!-~\\n' _)
id=$node.$boot.$namespace.$$.$start
claim="job $node $boot $namespace $(id -u) $$ $session $start $slot"
if ! { { printf '%s\\n' "$claim" > "claim.$id"; } 2> /dev/null && holds "claim.$id" "$claim"; }; then
  rm -f "claim.$id"
  exit ${EXIT_UNCLAIMABLE}
fi
flush "claim.$id" .
# whatever ln says (NFS may say EEXIST after succeeding), what counts is whose claim lies there
ln "claim.$id" claim 2> /dev/null
if [ ! -e claim ]; then rm -f "claim.$id"; exit ${EXIT_UNCLAIMABLE}; fi
if ! holds claim "$claim" 2> /dev/null; then rm -f "claim.$id"; exit ${EXIT_LOST}; fi
flush claim .
rm -f "claim.$id"
# the retention removes the manifest first and the claim last: a claim won behind its back is void
[ -f manifest ] || exit ${EXIT_UNCLAIMABLE}
{ printf 'claimed %s\\n' "$MQI_TOKEN" >> "$root/events"; } 2> /dev/null

started=$(date +%s)
# whoever stops the job may hit date itself: the receipt is worth more than its time
started=\${started:-0}
sh -c "$payload" < /dev/null > stdout 2> stderr
code=$?

newline='
'
list() {
  if find . -maxdepth 0 -printf '' > /dev/null 2>&1; then
    find . ${exclusions()} -type f -printf '%s %p\\0'
  else
    # a name with a newline, and a stat that cannot tell sizes, cost a process each
    slow="*$newline*"
    if stat -c '%s %n' . > /dev/null 2>&1; then
      find . ${exclusions()} -type f ! -path "$slow" -exec stat -c '%s %n' {} + | tr '\\n' '\\000'
    else slow='*'; fi
    find . ${exclusions()} -type f -path "$slow" -exec sh -c 'for file do
      printf "%s %s\\0" $(stat -c %s "$file" 2> /dev/null || wc -c < "$file") "$file"
    done' sh {} +
  fi
}
# cut short by a full disk, the list would hide results: it counts when it is as long as a second one
list_outputs() {
  { list > "outputs.$id"; } 2> /dev/null
  [ "$(list 2> /dev/null | wc -c)" -eq "$(wc -c < "outputs.$id")" ] && flush "outputs.$id" && mv -f "outputs.$id" outputs
}
write_end() {
  { printf '%s\\n' "$end" > "end.$id"; } 2> /dev/null && holds "end.$id" "$end" || return 1
  flush "end.$id" .
  ln "end.$id" end 2> /dev/null
  [ -e end ]
}
# tries again while the disk is full; gives up at once where the directory is gone
persist() {
  tries=0
  until "$@" 2> /dev/null; do
    tries=$((tries + 1))
    [ -f manifest ] && [ "$tries" -lt ${WRITE_TRIES} ] || return 1
    sleep 5
  done
}
ended=$(date +%s)
ended=\${ended:-$started}
# always as a number: above 128 it may have been a signal, and no two shells name those alike
end="exited $code $started $ended"
persist list_outputs
persist write_end && flush end .
rm -f "end.$id" "outputs.$id"
{ printf 'ended %s\\n' "$MQI_TOKEN" >> "$root/events"; } 2> /dev/null
exit "$code"
`;

function exclusions(): string {
  const names = [...CONTROL_FILES, 'inputs'].map((name) => `-path ./${name}`);
  const prefixes = ['claim', 'end', 'outputs'].map((name) => `-path './${name}.*'`);
  return `'(' ${[...names, ...prefixes].join(' -o ')} ')' -prune -o`;
}
