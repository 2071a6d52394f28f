import { PROCESSES } from './host-processes.ts';
import { RECEIPTS } from './host-receipts.ts';
import { hostCommand, unownedCommand } from './host-script.ts';
import type { Installation } from './host-script.ts';

/** What runs on the GPUs of the host, and which of it is ours. */
export function gpusCommand(installation: Installation): string {
  return hostCommand(installation, [RECEIPTS, PROCESSES, GPUS], 'gpus "$root/gpus.hung"');
}

/** As `gpusCommand`, for whoever may come before there is a root, and must not write into it: the doctor. */
export function gpusCommandAnywhere(installation: Installation): string {
  return unownedCommand(installation, [RECEIPTS, PROCESSES, GPUS], 'gpus /dev/null');
}

/**
 * `gpus HUNG` prints \`absent\` where there is no nvidia-smi, \`trouble TEXT\` where it fails, or what it says:
 *
 *   gpu INDEX, UUID         each GPU
 *   app UUID, PID, NAME     what computes on it; a NAME may go on over several lines, and look like others
 *   process PID TOKEN       what is ours (\`scan\`), then \`scanned\`
 *   again UUID, PID         where there is more than that: what was still there after the scan, without names, so that
 *                           neither a job of ours that has just ended nor the name of a process makes a stranger
 *   user PID USER           whose it is
 *
 * A driver that hangs must not take the channel with it, and may be unkillable: nvidia-smi writes to \`cat\`, which can
 * always be killed. One that cannot is noted in the file HUNG, and no other is started while it is there.
 */
const GPUS = `limited() { if command -v timeout > /dev/null 2>&1; then timeout 6 "$@"; else "$@"; fi; }
started() { { IFS= read -r stat < "/proc/$1/stat"; } 2> /dev/null || return 1; set -- \${stat##*) }; start=\${20}; case $1 in [ZXx]) return 1 ;; esac; }
ask() { # HUNG ARGUMENTS…: sets \`said\`; false, with the trouble told, when it is no answer
  hung=$1; shift
  asked=none hung_boot=
  { IFS=' ' read -r asked asked_start hung_boot < "$hung"; } 2> /dev/null
  if [ "$hung_boot" = "$boot" ] && started "$asked" && [ "$start" = "$asked_start" ]; then
    printf 'trouble it hangs, unkillable: pid %s\\n' "$asked"; return 1
  fi
  said=$( (
    { sh -c 'printf "pid %s\\n" "$$"; exec nvidia-smi "$@"' sh "$@" < /dev/null 2>&1; printf '\\ncode %s\\n' "$?"; } 2> /dev/null &
  ) | limited cat)
  code=\${said##*"$newline"code }
  asked=\${said%%"$newline"*}; said=\${said#"$asked"}; said=\${said%"$newline"code *}
  asked=\${asked#pid }
  case $code in
    0) return 0 ;;
    *[!0-9]* | '') ;;
    *) printf 'trouble it failed with code %s: %s\\n' "$code" "$(printf '%s\\n' "$said" | sed '/^ *$/d' | head -n 1)"; return 1 ;;
  esac
  if started "$asked"; then
    kill -s KILL "$asked" 2> /dev/null
    nap
    ! started "$asked" || { printf '%s %s %s\\n' "$asked" "$start" "$boot" > "$hung"; } 2> /dev/null
  fi
  printf 'trouble it gives no answer within 6 s\\n'
  return 1
}
newline='
'
told() { printf '%s\\n' "$said" | sed "/^ *\\$/d; s/^/$1 /"; }
gpus() {
  command -v nvidia-smi > /dev/null 2>&1 || { printf 'absent\\n'; return; }
  ask "$1" --query-gpu=index,uuid --format=csv,noheader || return
  told gpu
  ask "$1" --query-compute-apps=gpu_uuid,pid,process_name --format=csv,noheader || return
  told app
  apps=$(told app | sed -n 's/^app [A-Z]*-[^ ,]*, *\\([0-9]\\{1,10\\}\\),.*/\\1/p' | sort -u)
  [ -n "$apps" ] || return
  for claim in "$root/attempts/mqi-$instance-"*/claim; do
    receipt "$claim"
    claim_state=$state claim_text=$text token=\${claim%/claim}
    note_session "\${token##*/}"
  done
  now=$(scan); sure "$now"
  printf '%s\\n' "$now"
  strangers=
  for pid in $apps; do
    case "$newline$now" in *"\${newline}process $pid "*) ;; *) strangers="$strangers $pid" ;; esac
  done
  [ -n "$strangers" ] || return
  ask "$1" --query-compute-apps=gpu_uuid,pid --format=csv,noheader || return
  told again
  set -- $strangers
  while [ $# -gt 0 ] && [ $# -le 200 ]; do
    printf 'user %s %s\\n' "$1" "$(ls -ld "/proc/$1" 2> /dev/null | awk '{ print $3 }')"
    shift
  done
}`;
