#!/usr/bin/env bash
# WHAT: of a task or group that does not exist, `wait`, `log`, `log --json`, `restart`, `clean -g` and `status -g` say so
#       and end with exit code 0; `start`, `enqueue`, `kill`, `remove`, `pause`, `follow` end with 1. And `log --json`
#       gives the last 15 lines of the output as if they were all; `--full` gives all.
# VERSION: pueue 4.0.4 and 3.4.1
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: `pueue wait ID && collect` collects for a task that was removed, or never was; a log fetched as JSON is
#       cut without a mark.
set -u
. "$(dirname "$0")/lib/private-pueue.sh"

codes=
for words in 'wait 77' 'log 77' 'log --json 77' 'restart 77' 'clean -g nope' 'status -g nope' \
  'start 77' 'enqueue 77' 'kill 77' 'remove 77' 'pause 77' 'follow 77'; do
  # shellcheck disable=SC2086
  said=$(p $words < /dev/null 2>&1)
  code=$?
  codes=$codes$code
  printf 'pueue %-16s exit %s  %s\n' "$words" "$code" "$(printf '%s' "$said" | head -n 1)"
done
[ "$codes" = 000000111111 ] || { echo "CHANGED: $codes"; exit 1; }
p add -- 'seq 1 100' > /dev/null
p wait 0 > /dev/null
lines() { python3 -c 'import json, sys; print(len(json.load(sys.stdin)["0"]["output"].splitlines()))'; }
printf 'log --json: %s lines of 100; log --json --full: %s\n' "$(p log --json 0 | lines)" "$(p log --json --full 0 | lines)"
[ "$(p log --json 0 | lines) $(p log --json --full 0 | lines)" = '15 100' ] || { echo CHANGED; exit 1; }
echo 'as found'
