import { quote, quotePath } from '../transport/quote.ts';
import type { Target } from './attempt-commands.ts';
import { RECEIPTS } from './host-receipts.ts';
import { hostCommand } from './host-script.ts';
import type { Installation } from './host-script.ts';

/**
 * Names of another form than a token are left alone, whatever they begin with. What is known to be no directory (a file,
 * a link) is no attempt either: nothing was ever started in it. The attempts that the database knows are asked about one
 * by one, whatever lies there.
 */
const NAMES = `names() { # KIND DIRECTORY
  for found in "$2/mqi-$instance-"*; do
    if [ -L "$found" ] || { [ -e "$found" ] && [ ! -d "$found" ]; }; then continue; fi
    found=\${found##*/}
    case $found in *[!a-z0-9-]*) ;; *) printf '%s %s\\n' "$1" "$found" ;; esac
  done
}`;

export function listCommand(installation: Installation, queueFunctions: string): string {
  return hostCommand(
    installation,
    [RECEIPTS, queueFunctions, NAMES],
    `queue_read
listable "$root/attempts"
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
    [RECEIPTS],
    `while IFS= read -r token; do
  here=$root/attempts/$token there=${quotePath(from, 'attempts')}/$token
  if lacks "$there"; then continue; fi
  [ -z "$why" ] || problem garbled "$why"
  [ -d "$there" ] && [ ! -e "$here/end" ] || continue
  [ "$here" -ef "$there" ] 2> /dev/null || printf 'copy %s\\n' "$token"
done
owned`,
  );
}

/**
 * The queue's record first, then the manifest (from there on nothing can start), the data, and the claim last. A claim
 * that nobody had is taken before, so that no late start falls into the middle. What can be removed goes, even where
 * something stays: that is named, and the claim stays with it.
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
[ "$there" != hidden ] || later "$why"
weigh "$token"
[ ! -f "$directory/manifest" ] || take "$directory" ${quote(request.revocation)}
queue_forget
remove() {
  rm -rf "$directory/manifest" && flush "$directory" || return 1
  # a job may have made directories that even their owner cannot write in
  find "$directory" -type d ! -perm -700 -exec chmod u+rwx {} + 2> /dev/null
  stays=no
  for part in "$directory"/* "$directory"/.[!.]* "$directory"/..?*; do
    [ -e "$part" ] || [ -L "$part" ] || continue
    [ "$part" = "$directory/claim" ] || rm -rf "$part" || stays=yes
  done
  [ "$stays" = no ] && rm -rf "$directory/claim" && rmdir "$directory"
}
if [ "$there" = present ]; then
  said=$(remove 2>&1) || later "$directory cannot be removed: $(printf '%s' "$said" | head -n 1)"
fi`,
  );
}

/**
 * The tokens come on standard input. What stays is named, and the next is swept. A tar that was cut off a moment ago may
 * still fill what is being emptied; folders that came without the right to write get it.
 */
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
    case $said in *'not empty'*) patience=20 ;; *) patience=2 ;; esac
    [ "$tries" -lt "$patience" ] || { printf 'left %s %s\\n' "$token" "$(printf '%s' "$said" | head -n 1)"; break; }
    if [ "$tries" = 1 ]; then find "$root/staging/$token" -type d ! -perm -700 -exec chmod u+rwx {} + > /dev/null 2>&1 < /dev/null
    else nap; fi
  done
done`,
  );
}
