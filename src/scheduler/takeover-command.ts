import { quote } from '../transport/quote.ts';
import { PROCESSES } from './host-processes.ts';
import { RECEIPTS } from './host-receipts.ts';
import { unownedCommand } from './host-script.ts';
import type { Installation } from './host-script.ts';

/**
 * The operator's word that the installation named in `owner` is no more. What its attempts left to start is revoked; one
 * that may run, or of which nobody can tell, is named, and nothing is taken over.
 */
export function takeOverCommand(installation: Installation, revocation: string): string {
  return unownedCommand(
    installation,
    [RECEIPTS, PROCESSES],
    `mkdir -p "$root/attempts" "$root/staging" 2> /dev/null
ls -a "$root/attempts" > /dev/null 2>&1 || problem garbled "$root/attempts cannot be listed by $(id -un)"
theirs() { # DO: with each attempt of the other installation
  for directory in "$root"/attempts/mqi-*; do
    case \${directory##*/} in *[!a-z0-9-]* | "mqi-$instance-"*) ;; *) "$1" ;; esac
  done
}
theirs_names() { theirs name; }
name() { printf '%s\n' "\${directory##*/}"; }
readable() { # or what may run in it is not known
  attempt "\${directory##*/}"
  [ "$there" != hidden ] || problem garbled "$why, and a job of the other installation may run there; when you know that none does, remove it and take over again"
}
runs_none() {
  readable
  [ "$there" = present ] || return 0
  receipt "$directory/claim"
  case "$state $text" in absent* | 'whole revoked '*) return ;; esac
  what="a job of the other installation may still run there: \${directory##*/}"
  case $state in hidden) what=$text ;; odd) what="$directory/claim cannot be read" ;; esac
  receipt "$directory/end"
  case $state in absent | hidden) problem garbled "$what; when it has ended, or nothing of it runs and $directory is removed, take over again" ;; esac
}
revoke() {
  [ "$there" = present ] || return 0
  lacks "$directory/claim" || return 0
  take "$directory" ${quote(revocation)}
  ! lacks "$directory/claim" || problem garbled "cannot write in $directory, and its job may still start"
}
# what has outlived its job, by the token or the session of each of their attempts
note() { readable; receipt "$directory/claim"; claim_state=$state claim_text=$text; note_session "\${directory##*/}"; }
outlived_none() {
  theirs note
  ours=$instance
  for other in $(theirs_names | sed 's/^mqi-\\([a-z0-9]*\\)-.*/\\1/' | sort -u); do
    instance=$other
    now=$(scan); sure "$now"
    instance=$ours
    for token in $(printf '%s\n' "$now" | sed -n 's/^process [0-9]* //p' | sort -u); do
      [ ! -d "$root/attempts/$token" ] || problem garbled "processes of the other installation still run there: $(printf '%s\n' "$now" | sed -n "s/^process \\([0-9]*\\) $token$/\\1/p" | tr '\n' ' ')of $token; when they are gone, take over again"
    done
  done
}
weigh_names=$(theirs_names); weigh $weigh_names
theirs runs_none
theirs revoke
theirs runs_none
outlived_none
mine=$root/owner.$self
{ printf '%s\n' "$instance" > "$mine"; } 2> /dev/null && flush "$mine" && mv -f "$mine" "$root/owner" || problem garbled "cannot write $root/owner"
flush "$root/owner" "$root"`,
  );
}
