import { quote } from '../transport/quote.ts';
import type { Target } from './attempt-commands.ts';
import { PROCESSES } from './host-processes.ts';
import { RECEIPTS } from './host-receipts.ts';
import { hostCommand } from './host-script.ts';
import type { Installation } from './host-script.ts';

export interface CreateCommandRequest {
  readonly target: Target;
  /** What the tokens of all attempts of this case begin with. */
  readonly casePrefix: string;
  readonly provenTokens: readonly string[];
  /** For earlier attempts of the case that nobody claimed. */
  readonly earlierRevocation: string;
  /** For this attempt, before it is refused. */
  readonly ownRevocation: string;
  /** Bytes of the job script, which comes on standard input. */
  readonly scriptBytes: number;
  readonly scriptLastLine: string;
}

/**
 * Makes the held job. First it looks at its own claim: a command that was held up on its way, or on the host, may come
 * when its attempt is long over, and must not touch the next one. Then it looks for any other attempt of the case: one
 * that nobody claimed is revoked, one that a job has claimed (or may have) means that this attempt is revoked and
 * refused. Found here already (an answer was lost): created.
 */
export function createCommand(
  installation: Installation,
  queueFunctions: string,
  request: CreateCommandRequest,
): string {
  const { target } = request;
  return hostCommand(
    installation,
    [RECEIPTS, PROCESSES, queueFunctions, EARLIER, WRITE_SCRIPT],
    `token=${quote(target.token)} queue=${quote(target.queue ?? '')} job_id= job_created=
case_prefix=${quote(request.casePrefix)} proven=${quote(` ${[target.token, ...request.provenTokens].join(' ')} `)}
refusal=${quote(request.ownRevocation)}
create() {
  attempt "$token"
  if [ "$there" = hidden ]; then printf 'outcome blocked %s\\n' "$why"; return; fi
  if [ ! -f "$directory/manifest" ]; then
    if lacks "$directory/manifest"; then printf 'outcome refused its files are not on the host any more\\n'
    else printf 'outcome blocked %s\\n' "\${why:-$directory/manifest is not a file}"; fi
    return
  fi
  receipt "$directory/claim"
  case "$state $text" in
    'whole revoked '*) printf 'outcome refused it was revoked on the host\\n'; return ;;
    hidden*) printf 'outcome blocked %s\\n' "$text"; return ;;
  esac
  find_earlier ${quote(request.earlierRevocation)}
  attempt "$token"
  if [ -n "$veiled" ]; then printf 'outcome blocked an earlier attempt of it may have run: %s\\n' "$veiled"; return; fi
  if [ -n "$earlier" ]; then
    take "$directory" "$refusal"
    receipt "$directory/claim"
    case "$state $text" in
      'whole revoked '*) printf 'outcome earlier %s\\n' "$earlier" ;;
      absent*) printf 'outcome blocked its claim cannot be written on the host (disk full, or its directory not writable?)\\n' ;;
      hidden*) printf 'outcome blocked %s\\n' "$text" ;;
      *) printf 'outcome unknown a job has claimed this attempt already\\n' ;;
    esac
    return
  fi
  queue_find
  receipt "$directory/claim"
  case "$state $text" in
    'whole revoked '*) printf 'outcome refused it was revoked on the host\\n'; return ;;
    absent*) ;;
    hidden*) printf 'outcome blocked %s\\n' "$text"; return ;;
    *) printf 'outcome created %s %s\\n' "\${job_id:--}" "\${job_created:--}"; return ;;
  esac
  if [ -n "$job_id" ]; then printf 'outcome created %s %s\\n' "$job_id" "\${job_created:--}"; return; fi
  write_script ${request.scriptBytes} ${quote(request.scriptLastLine)} || return
  queue_add
}
create`,
  );
}

const EARLIER = `earlier= veiled=
find_earlier() { # sets \`earlier\` to one that a job has claimed, \`veiled\` to why nobody can tell of one
  listable "$root/attempts"
  set -- "$1" "$root/attempts/$case_prefix"*
  revocation=$1; shift
  names=
  for other in "$@"; do
    name=\${other##*/}
    case $name in *[!a-z0-9-]*) continue ;; esac
    case $proven in *" $name "*) continue ;; esac
    names="$names $name"
  done
  weigh $token $names
  for name in $names; do
    attempt "$name"
    case $there in absent) continue ;; hidden) veiled=$why; return ;; esac
    take "$directory" "$revocation"
    receipt "$directory/claim"
    [ "$state" != hidden ] || { veiled=$text; return; }
    # without a manifest our claim proves nothing; the processes below do
    case "$state $text" in 'whole revoked '*) ;; *) earlier=$name; return ;; esac
  done
  found=$(scan); sure "$found"
  for name in $(printf '%s\\n' "$found" | sed -n 's/^process [0-9]* //p'); do
    case $name in "$case_prefix"*) ;; *) continue ;; esac
    case $proven in *" $name "*) ;; *) earlier=$name; return ;; esac
  done
}`;

/** A script that arrived in part must never be started: it counts by its length and its last line. */
const WRITE_SCRIPT = `write_script() { # BYTES LAST_LINE
  mine=$directory/outputs.$self
  { cat > "$mine"; } 2> /dev/null
  if [ "$(wc -c < "$mine" 2> /dev/null)" -eq "$1" ] 2> /dev/null && [ "$(tail -n 1 "$mine")" = "$2" ]; then
    flush "$mine"
    if mv -f "$mine" "$directory/job.sh" 2> /dev/null; then flush "$directory/job.sh" "$directory"; return 0; fi
  fi
  rm -f "$mine"
  printf 'outcome blocked job.sh cannot be written on the host (disk full?)\\n'
  return 1
}`;
