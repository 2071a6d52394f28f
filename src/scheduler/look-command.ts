import { PROCESSES } from './host-processes.ts';
import { RECEIPTS } from './host-receipts.ts';
import { hostCommand } from './host-script.ts';
import type { Installation } from './host-script.ts';

/**
 * One command for all attempts of a host, their tokens on its standard input. The order matters: queue, receipts,
 * processes, and then the end again of those that had none; the other way round a healthy new job looks missing, and
 * one that just ended looks lost.
 */
export function lookCommand(installation: Installation, queueFunctions: string): string {
  return hostCommand(installation, [RECEIPTS, PROCESSES, queueFunctions], LOOK);
}

/**
 * A job that has just written its end needs a moment to leave: it is waited for, half a second at most, so that its slot
 * is free now and not an interval later. `ended` counts as free of processes after two scans in a row.
 */
const LOOK = `queue_read
tokens= ended= open=
while IFS= read -r token; do
  case $token in '' | *[!a-z0-9-]*) problem garbled 'a token of another form was asked for' ;; esac
  tokens="$tokens $token"
done
weigh $tokens
doubted=.
for token in $tokens; do
  facts "$token"
  case $end_state in
    hidden) ;;
    absent) [ "$there" != present ] || open="$open $token" ;;
    *) ended="$ended $token" ;;
  esac
done
unsure=$(doubtful)
doubted=
for token in $unsure; do facts "$token"; done
before= rounds=0
while :; do
  doubted=.
  now=$(scan); sure "$now"
  rounds=$((rounds + 1)) still=
  for token in $open; do
    receipt "$root/attempts/$token/end"
    if [ "$state" = absent ]; then still="$still $token"; continue; fi
    printf 'late %s %s %s\\n' "$token" "$state" "$text"
    [ "$state" = hidden ] || ended="$ended $token"
  done
  open=$still
  unsure=$(doubtful)
  doubted=
  for token in $unsure; do
    receipt "$root/attempts/$token/end"
    [ "$state" != hidden ] || printf 'late %s %s %s\\n' "$token" "$state" "$text"
  done
  [ -n "$ended" ] || break
  staying=no
  for token in $ended; do
    case $now in *" $token$newline"*) staying=now; break ;; esac
    case $before in *" $token$newline"*) staying=before ;; esac
  done
  [ "$rounds" -lt 2 ] || [ "$staying" != no ] || break
  if [ "$rounds" -ge 6 ]; then printf '%s\\n' "$before" | sed '/^scanned$/d; /^$/d'; break; fi
  before=$now$newline
  [ "$staying" != now ] || nap
done
printf '%s\\n' "$now"
owned`;
