import { quote, quotePath } from '../transport/quote.ts';
import type { Target } from './attempt-commands.ts';
import { RECEIPTS } from './host-receipts.ts';
import { hostCommand } from './host-script.ts';
import type { Installation } from './host-script.ts';

/** Names of another form than a token are left alone, whatever they begin with. */
const NAMES = `names() { # KIND DIRECTORY
  for found in "$2/mqi-$instance-"*; do
    [ -d "$found" ] || continue
    found=\${found##*/}
    case $found in *[!a-z0-9-]*) ;; *) printf '%s %s\\n' "$1" "$found" ;; esac
  done
}`;

export function listCommand(installation: Installation, queueFunctions: string): string {
  return hostCommand(
    installation,
    [RECEIPTS, queueFunctions, NAMES],
    `queue_read
names attempt "$root/attempts"
names staging "$root/staging"
owned`,
  );
}

/**
 * The tokens come on standard input. A shell without `-ef` takes two names of one directory for a copy: then nothing is
 * done in it, which harms nobody.
 */
export function copiedCommand(installation: Installation, from: string): string {
  return hostCommand(
    installation,
    [],
    `while IFS= read -r token; do
  here=$root/attempts/$token there=${quotePath(from, 'attempts')}/$token
  [ -d "$there" ] && [ ! -e "$here/end" ] || continue
  [ "$here" -ef "$there" ] 2> /dev/null || printf 'copy %s\\n' "$token"
done
owned`,
  );
}

/**
 * The queue's record first, then the manifest (from there on nothing can start), the data, and the claim last. A claim
 * that nobody had is taken before, so that no late start falls into the middle.
 */
export function removeCommand(
  installation: Installation,
  queueFunctions: string,
  request: { readonly target: Target; readonly revocation: string },
): string {
  const { target } = request;
  return hostCommand(
    installation,
    [RECEIPTS, queueFunctions],
    `token=${quote(target.token)} queue=${quote(target.queue ?? '')}
job_id=${quote(target.jobId ?? '')} job_created=${quote(target.jobCreated ?? '')}
attempt "$token"
[ ! -f "$directory/manifest" ] || take "$directory" ${quote(request.revocation)}
queue_forget
remove() {
  rm -f "$directory/manifest" && flush "$directory" || return 1
  # a job may have made directories that even their owner cannot write in
  find "$directory" -type d ! -perm -700 -exec chmod u+rwx {} + 2> /dev/null
  for path in "$directory"/* "$directory"/.[!.]* "$directory"/..?*; do
    [ -e "$path" ] || [ -L "$path" ] || continue
    [ "$path" = "$directory/claim" ] || rm -rf "$path" || return 1
  done
  rm -f "$directory/claim" && rmdir "$directory"
}
if [ -d "$directory" ]; then
  said=$(remove 2>&1) || problem garbled "$directory cannot be removed: $(printf '%s' "$said" | head -n 1)"
fi`,
  );
}

/** The tokens come on standard input. A tar that was cut off a moment ago may still fill what is being emptied. */
export function sweepStagingCommand(installation: Installation): string {
  return hostCommand(
    installation,
    [],
    `while IFS= read -r token; do
  case $token in "mqi-$instance-"*) ;; *) continue ;; esac
  case $token in *[!a-z0-9-]*) continue ;; esac
  tries=0
  until said=$(rm -rf "$root/staging/$token" 2>&1 < /dev/null); do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || problem garbled "$(printf '%s' "$said" | head -n 1)"
    nap
  done
done`,
  );
}
