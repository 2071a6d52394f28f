import { quotePath } from '../transport/quote.ts';

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
 * `problem CAUSE TEXT` ends a command that found out nothing: the host is out of reach. `later TEXT` ends one that is
 * about a single attempt, and says why it could not be done; nobody else is touched. `self` names this shell as no
 * other node, boot, container or process does. `lacks` is true where the path is *known* not to be there: `test -e` is
 * false as well for what may not be looked at (EACCES, EIO, ESTALE), and only the words of open(2) tell the two apart.
 * That costs a process: a look collects its doubts, and has them out at once (`doubtful`).
 */
const PRELUDE = `printf 'mqi\\n'
# GNU find runs no -exec where it may not come back to the directory that it began in
cd / || :
problem() { printf 'problem %s %s\\ndone\\n' "$1" "$2"; exit 0; }
later() { printf 'not_yet %s\\ndone\\n' "$1"; exit 0; }
lacks() { # PATH: else \`why\` says what hides it, and is empty where it is there
  why=
  [ ! -e "$1" ] && [ ! -L "$1" ] || return 1
  [ -z "\${doubted-}" ] || { doubted="$doubted \${1#"$root/attempts/"}"; return 0; }
  why=$( { { :; } < "$1"; } 2>&1 )
  case $why in
    '') return 1 ;;
    *'o such file' | *'o such file or directory' | *': no such file or directory: '*) why=; return 0 ;;
    *": $1") why=\${why%": $1"} ;;
  esac
  why="$1 cannot be looked at: \${why##*: }"
  return 1
}
nap() { sleep 0.1 2> /dev/null || sleep 1; }
flush() { sync "$@" 2> /dev/null || sync 2> /dev/null || :; }
node=$(uname -n | tr -c '!-~\\n' _)
uid=$(id -u)
{ IFS= read -r boot < /proc/sys/kernel/random/boot_id; } 2> /dev/null || problem garbled 'this host has no readable /proc'
namespace=$(readlink /proc/self/ns/pid 2> /dev/null | tr -cd 0-9)
{ IFS= read -r stat < "/proc/$$/stat"; } 2> /dev/null || problem garbled 'this host has no readable /proc'
set -- \${stat##*) }
began=\${20} self=$node.$boot.$namespace.$$.\${20}
printf 'node %s %s %s %s\\n' "$node" "$boot" "$namespace" "$uid"`;

/**
 * Another owner, or no root at all (not mounted?), makes every command blind: what it would not see proves nothing. A
 * command that reports what is *not* there calls `owned` once more at its end: some last for seconds, and a root that
 * went away meanwhile looks like a purged attempt.
 */
const OWNED = `owned() {
  owner=
  { IFS= read -r owner < "$root/owner"; } 2> /dev/null || problem unprepared "$root"
  [ "$owner" = "$instance" ] || problem owner "$owner"
  [ -d "$root/attempts" ] || problem unprepared "$root/attempts"
  [ -r "$root/attempts" ] && [ -x "$root/attempts" ] || problem garbled "$root/attempts cannot be looked into by $(id -un)"
}
listable() { # DIRECTORY: what a list of it does not name is not there
  ls -a "$1" > /dev/null 2>&1 || problem garbled "$1 cannot be listed by $(id -un)"
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
