import { quotePath } from '../../transport/quote.ts';
import { DONE, SAY } from './host-lines.ts';

/** What the daemon's commands, its job script and its transfers call on a host. */
const TOOLS =
  'tar find grep xargs awk sed tr cut sort tail ln mv cp rm rmdir mkdir chmod cat readlink id uname date wc env';

/**
 * One survey at everything of a host that is not its queue. `nonce`: letters and digits, for the probing directory, which
 * is made in the root, or where the root would be made, and is gone again afterwards.
 */
export function surveyScript(root: string, nonce: string): string {
  return [SAY, `root=${quotePath(root)}`, `nonce=${nonce}`, MACHINE, ROOT, GPU, DONE].join('\n');
}

const MACHINE = `say clock "$(date +%s 2> /dev/null)"
say user "$(id -un 2> /dev/null)"
say path "$PATH"
for tool in ${TOOLS}; do has "$tool" || say missing "$tool"; done
if [ -n "$(openssl dgst -sha256 -r /dev/null 2> /dev/null)" ]; then say sums openssl
elif has sha256sum; then say sums sha256sum
elif has shasum; then say sums shasum; fi
has setsid && say can setsid
find . -maxdepth 0 -printf '' > /dev/null 2>&1 && say can printf
{ IFS= read -r boot < /proc/sys/kernel/random/boot_id && IFS= read -r stat < "/proc/$$/stat"; } 2> /dev/null && say can proc
printf '/proc/self/stat\\n' | xargs grep -azHoE '\\) [A-Za-z]( -?[0-9]+){19}' > /dev/null 2>&1 && say can scan`;

const ROOT = `at=$root
while [ ! -e "$at" ] && [ ! -L "$at" ]; do
  case $at in */*) at=\${at%/*} ;; *) at= ;; esac
  [ -n "$at" ] || at=/
done
if [ ! -d "$at" ]; then say root "other $at"
elif [ "$at" = "$root" ]; then say root "directory $at"
else say root "absent $at"; fi
if [ -e "$root/owner" ]; then
  owner=
  if { IFS= read -r owner < "$root/owner"; } 2> /dev/null; then say owner "$owner"; else say owner_unreadable "$root/owner"; fi
fi
for directory in "$root/attempts" "$root/staging"; do
  [ ! -d "$directory" ] || { [ -w "$directory" ] && [ -x "$directory" ]; } || say unwritable "$directory"
done
free=$(limited df -Pk "$at" 2> /dev/null); say free "\${free##*"$nl"}"
inodes=$(limited df -Pi "$at" 2> /dev/null); say inodes "\${inodes##*"$nl"}"
probe=$at/.mqi-doctor.$nonce
trap 'rm -rf "$probe" 2> /dev/null' 0
trap 'exit 1' HUP INT TERM
trial() {
  step=make; said=$(mkdir "$probe" 2>&1) || return
  step=write; said=$({ printf 'mqi doctor\\n' > "$probe/a"; } 2>&1) || return
  # a full disk may take the name and not the content
  said='what was written is not there'; read -r back < "$probe/a"; [ "$back" = 'mqi doctor' ] || return
  step=rename; said=$({ mkdir "$probe/d" && mv "$probe/a" "$probe/d/b" && mv "$probe/d" "$probe/e"; } 2>&1) || return
  step=link; said=$(ln "$probe/e/b" "$probe/claim" 2>&1); [ -e "$probe/claim" ] || return
  said='a name that was taken could be linked again'
  if ln "$probe/e/b" "$probe/claim" 2> /dev/null; then return; fi
  step=delete; said=$(rm -rf "$probe" 2>&1) || return
  step=ok said=
}
[ ! -d "$at" ] || { trial; say trial "$step $said"; }`;

/** A driver that does not answer is worse than none. */
const GPU = `if has nvidia-smi; then
  if said=$(limited nvidia-smi --query-gpu=name --format=csv,noheader 2>&1); then
    printf '%s\\n' "$said" | while IFS= read -r name; do say gpu "$name"; done
  else say gpu_failed "$said"; fi
fi`;
