import { quote, quotePath } from '../transport/quote.ts';
import { PROCESSES } from './host-processes.ts';
import { RECEIPTS } from './host-receipts.ts';

/**
 * The commands that run on the host: POSIX sh, each one whole script. They answer in lines (`answer.ts`), the first
 * `mqi`, the last `done`; an answer without its last line was cut and says nothing. Each may be cut at any byte, be
 * run twice, or arrive late.
 */

export interface Installation {
  /** Absolute or below `~/`. */
  readonly root: string;
  /** What every token of this installation carries after `mqi-`: lower-case letters and digits. */
  readonly instance: string;
}

/** A whole command: identity of the node, the functions it needs, whose root this is, and then its own lines. */
export function hostCommand(installation: Installation, functions: readonly string[], body: string): string {
  return [prelude(installation), ...functions, OWNED, body, 'printf "done\\n"', ''].join('\n');
}

/** As `hostCommand`, for the two commands that come before there is an owner, or against it. */
export function unownedCommand(installation: Installation, functions: readonly string[], body: string): string {
  return [prelude(installation), ...functions, body, 'printf "done\\n"', ''].join('\n');
}

function prelude(installation: Installation): string {
  return `given_locale=\${LC_ALL-}
LC_ALL=C; export LC_ALL
root=${quotePath(installation.root)}
instance=${installation.instance}
${PRELUDE}`;
}

/**
 * \`problem CAUSE TEXT\` ends a command that found out nothing. \`self\` names this shell as no other node, boot,
 * container or process does.
 */
const PRELUDE = `printf 'mqi\\n'
problem() { printf 'problem %s %s\\ndone\\n' "$1" "$2"; exit 0; }
nap() { sleep 0.1 2> /dev/null || sleep 1; }
flush() { sync "$@" 2> /dev/null || sync 2> /dev/null || :; }
node=$(uname -n | tr -c '!-~\\n' _)
uid=$(id -u)
{ IFS= read -r boot < /proc/sys/kernel/random/boot_id; } 2> /dev/null || problem garbled 'this host has no readable /proc'
namespace=$(readlink /proc/self/ns/pid 2> /dev/null | tr -cd 0-9)
{ IFS= read -r stat < "/proc/$$/stat"; } 2> /dev/null || problem garbled 'this host has no readable /proc'
set -- \${stat##*) }
self=$node.$boot.$namespace.$$.\${20}
printf 'node %s %s %s %s\\n' "$node" "$boot" "$namespace" "$uid"`;

/**
 * Another owner, or no root at all (not mounted?), makes every command blind: what it would not see proves nothing. A
 * command that reports what is *not* there calls \`owned\` once more at its end: some last for seconds, and a root that
 * went away meanwhile looks like a purged attempt.
 */
const OWNED = `owned() {
  owner=
  { IFS= read -r owner < "$root/owner"; } 2> /dev/null || problem unprepared "$root"
  [ "$owner" = "$instance" ] || problem owner "$owner"
  [ -d "$root/attempts" ] || problem unprepared "$root/attempts"
}
owned`;

/** `mayMake`: a root that is not there may be made; else it was used before, and is missed. */
export function prepareCommand(installation: Installation, mayMake: boolean): string {
  const missed = '[ -e "$root/owner" ] || problem unprepared "$root/owner"\n';
  return unownedCommand(installation, [], `${mayMake ? '' : missed}${PREPARE}`);
}

/**
 * The owner is linked last: where there is one, its directories were there, and are missed when they are gone. (Staging
 * holds nothing that anybody relies on.) The hints are cut back now and then: a lost hint costs an interval, a full disk
 * much more.
 */
const PREPARE = `[ ! -e "$root/owner" ] || [ -d "$root/attempts" ] || problem unprepared "$root/attempts"
mkdir -p "$root/attempts" "$root/staging" 2> /dev/null || problem garbled "cannot make $root/attempts and $root/staging"
if [ ! -e "$root/owner" ]; then
  mine=$root/owner.$self
  { printf '%s\\n' "$instance" > "$mine"; } 2> /dev/null
  written=
  { IFS= read -r written < "$mine"; } 2> /dev/null
  [ "$written" = "$instance" ] || { rm -f "$mine"; problem garbled "cannot write in $root (disk full, or not ours?)"; }
  flush "$mine"
  ln "$mine" "$root/owner" 2> /dev/null
  [ -e "$root/owner" ] || { rm -f "$mine"; problem garbled "$root is on a file system without hard links"; }
  rm -f "$mine"
fi
flush "$root/owner" "$root"
owner=
{ IFS= read -r owner < "$root/owner"; } 2> /dev/null
[ "$owner" = "$instance" ] || problem owner "$owner"
for directory in "$root" "$root/attempts" "$root/staging"; do
  [ -w "$directory" ] && [ -x "$directory" ] || problem garbled "$directory is not writable by $(id -un)"
done
{ printf '' >> "$root/events"; } 2> /dev/null
[ -z "$(find "$root/events" -size +2048 2> /dev/null)" ] || printf '' > "$root/events"`;

/** The operator's word that the installation named in \`owner\` is no more. */
export function takeOverCommand(installation: Installation, revocation: string): string {
  return unownedCommand(
    installation,
    [RECEIPTS, PROCESSES],
    `mkdir -p "$root/attempts" "$root/staging" 2> /dev/null
theirs() { # DO: with each attempt of the other installation
  for directory in "$root"/attempts/mqi-*; do
    [ -d "$directory" ] || continue
    case \${directory##*/} in "mqi-$instance-"*) ;; *) "$1" ;; esac
  done
}
runs_none() {
  claimed=
  { IFS= read -r claimed < "$directory/claim"; } 2> /dev/null
  case $claimed in 'job '*) ;; *) return ;; esac
  [ -e "$directory/end" ] || problem garbled "a job of the other installation may still run there: \${directory##*/}; when it has ended, or nothing of it runs and $directory is removed, take over again"
}
revoke() {
  [ -e "$directory/claim" ] || take "$directory" ${quote(revocation)}
  [ -e "$directory/claim" ] || problem garbled "cannot write in $directory, and its job may still start"
}
# what has outlived its job, by the token or the session of each of their attempts
note() { claim_state=absent claim_text=; receipt "$directory/claim"; claim_state=$state claim_text=$text; note_session "\${directory##*/}"; }
outlived_none() {
  theirs note
  ours=$instance
  for other in $(theirs_names | sed 's/^mqi-\\([a-z0-9]*\\)-.*/\\1/' | sort -u); do
    instance=$other
    now=$(scan); sure "$now"
    instance=$ours
    for token in $(printf '%s\\n' "$now" | sed -n 's/^process [0-9]* //p' | sort -u); do
      [ ! -d "$root/attempts/$token" ] || problem garbled "processes of the other installation still run there: $(printf '%s\\n' "$now" | sed -n "s/^process \\([0-9]*\\) $token$/\\1/p" | tr '\\n' ' ')of $token; when they are gone, take over again"
    done
  done
}
theirs_names() { theirs name; }
name() { printf '%s\n' "\${directory##*/}"; }
theirs runs_none
theirs revoke
theirs runs_none
outlived_none
mine=$root/owner.$self
{ printf '%s\\n' "$instance" > "$mine"; } 2> /dev/null && flush "$mine" && mv -f "$mine" "$root/owner" || problem garbled "cannot write $root/owner"
flush "$root/owner" "$root"`,
  );
}
