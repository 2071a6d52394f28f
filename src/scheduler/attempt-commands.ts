import { quote } from '../transport/quote.ts';
import { PROCESSES } from './host-processes.ts';
import { RECEIPTS } from './host-receipts.ts';
import { hostCommand } from './host-script.ts';
import type { Installation } from './host-script.ts';
import { LOST_LINE } from './receipts.ts';

/** Which attempt a command is about, and what the queue is asked with. */
export interface Target {
  readonly token: string;
  readonly queue: string | null;
  readonly jobId: string | null;
  readonly jobCreated: string | null;
}

function attemptCommand(installation: Installation, queueFunctions: string, target: Target, body: string): string {
  return hostCommand(
    installation,
    [RECEIPTS, PROCESSES, queueFunctions],
    `token=${quote(target.token)} queue=${quote(target.queue ?? '')}
job_id=${quote(target.jobId ?? '')} job_created=${quote(target.jobCreated ?? '')}
weigh "$token"
attempt "$token"
hidden=
[ "$there" != hidden ] || hidden=$why
${body}`,
  );
}

/**
 * Prints the facts of one attempt as a look does; everything it is used for has revoked before, or could not: then its
 * claim is hidden, or not there.
 */
const REPORT = `queue_read
facts "$token"
now=$(scan); sure "$now"
receipt "$directory/end"
[ "$state" = "$end_state" ] || printf 'late %s %s %s\\n' "$token" "$state" "$text"
printf '%s\\n' "$now"
owned`;

export interface StopRequest {
  readonly target: Target;
  /** The claim of its job as it was seen once; empty for none. */
  readonly seenClaim: string;
  readonly revocation: string;
  readonly graceMs: number;
}

/**
 * Revoke, take out of the queue, end the processes, read the receipts, look for processes once more. What cannot be
 * revoked, or read, is ended all the same.
 */
export function stopCommand(installation: Installation, queueFunctions: string, request: StopRequest): string {
  const tenths = Math.ceil(request.graceMs / 100);
  return attemptCommand(
    installation,
    queueFunctions,
    request.target,
    `alone
[ "$there" != present ] || take "$directory" ${quote(request.revocation)}
queue_withdraw
receipt "$directory/claim"; claim_state=$state claim_text=$text
seen=${quote(request.seenClaim)}
case "$claim_state $claim_text" in
  'whole job '*) ;;
  *) [ -z "$seen" ] || claim_state=whole claim_text=$seen ;;
esac
note_session "$token"
end_processes "$token" ${tenths} "$claimed"
before=$(scan); sure "$before"
printf '%s\\n' "$before" | sed '/^scanned$/d; /^$/d'
${REPORT}`,
  );
}

/** For a job that is proven gone: links `lost` where it wrote no end, and says who was first. */
export function loseCommand(installation: Installation, target: Target): string {
  return attemptCommand(
    installation,
    '',
    target,
    `mine=$directory/end.$self
if [ -f "$directory/manifest" ] && lacks "$directory/end"; then
  { printf '${LOST_LINE}\\n' > "$mine"; } 2> /dev/null
  receipt "$mine"
  if [ "$state $text" = 'whole ${LOST_LINE}' ]; then flush "$mine"; ln "$mine" "$directory/end" 2> /dev/null; fi
  rm -f "$mine"
fi
[ ! -e "$directory/end" ] || flush "$directory/end" "$directory"
receipt "$directory/end"
printf 'end %s %s\\n' "$state" "$text"`,
  );
}

/** Takes the claim and, where it became ours, the job out of the queue. */
export function revokeCommand(
  installation: Installation,
  queueFunctions: string,
  request: { readonly target: Target; readonly revocation: string },
): string {
  return attemptCommand(
    installation,
    queueFunctions,
    request.target,
    `[ "$there" != present ] || take "$directory" ${quote(request.revocation)}
receipt "$directory/claim"
case "$state $text" in 'whole revoked '*) queue_withdraw ;; esac
${REPORT}`,
  );
}

/**
 * Looks a job up after a lost answer. What was revoked, by an earlier and unheard `find` perhaps, stays so even when a
 * late `create` has put it into the queue since.
 */
export function findCommand(
  installation: Installation,
  queueFunctions: string,
  request: { readonly target: Target; readonly revocation: string },
): string {
  return attemptCommand(
    installation,
    queueFunctions,
    request.target,
    `queue_find
[ -n "$job_id" ] || [ "$there" != present ] || take "$directory" ${quote(request.revocation)}
[ ! -e "$directory/claim" ] || flush "$directory/claim" "$directory"
${REPORT}`,
  );
}

/**
 * Lets the held job go; what was revoked or purged is missing, what claimed already is released. A job that cannot
 * write its claim leaves at once, and its queue is done with it: so it is held while the disk is full. What cannot be
 * looked at is held as well.
 */
export function releaseCommand(installation: Installation, queueFunctions: string, target: Target): string {
  return attemptCommand(
    installation,
    queueFunctions,
    target,
    `can_write() {
  { printf 'room for a claim\\n' > "$directory/claim.$self"; } 2> /dev/null && [ -s "$directory/claim.$self" ]; room=$?
  rm -f "$directory/claim.$self"
  return "$room"
}
receipt "$directory/claim"
[ -z "$hidden" ] || state=hidden text=$hidden
case "$state $text" in
  'whole job '*) printf 'outcome released\\n' ;;
  hidden*) printf 'outcome blocked %s\\n' "$text" ;;
  'whole revoked '*) printf 'outcome missing\\n' ;;
  absent*)
    for needed in manifest job.sh; do
      [ -f "$directory/$needed" ] && continue
      if lacks "$directory/$needed"; then printf 'outcome missing\\n'
      else printf 'outcome blocked %s\\n' "\${why:-$directory/$needed is not a file}"; fi
      needed=
      break
    done
    if [ -z "$needed" ]; then :
    elif [ "$(tail -n 1 "$directory/job.sh" 2> /dev/null)" != "# whole $token" ]; then
      printf 'outcome blocked %s/job.sh is not as it was written, so nobody knows what it would run; look at it on the host\\n' "$directory"
    elif can_write; then queue_release
    else printf 'outcome blocked the job could not write its claim in %s (disk full, or not writable?): make room there\\n' "$directory"; fi ;;
  *) printf 'outcome blocked the claim in %s cannot be read, so nobody knows who holds it; look at it on the host\\n' "$directory" ;;
esac`,
  );
}
