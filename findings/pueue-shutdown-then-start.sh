#!/usr/bin/env bash
# WHAT: `pueue shutdown` of 4.0.4 exits 0 a third of a second before its daemon is gone. `pueue shutdown; pueued -d` then
#       exits 0 twice and leaves no daemon: the second one finds the pid file of the first, and refuses unheard.
# VERSION: pueue 4.0.4 (3.4.1 has gone within 5 ms, and the same line works)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a restart has to wait until the first daemon has taken its socket, and then its pid file, away. A start
#       that removes a stale pid file by hand is worse: the first daemon then removes the socket of the second.
set -u
. "$(dirname "$0")/lib/private-pueue.sh"

start() { "$bin/pueued" -c "$folder/pueue.yml" -d < /dev/null > /dev/null 2>&1; }
answers() { for _ in $(seq 30); do p status > /dev/null 2>&1 && return; sleep 0.1; done; return 1; }

p shutdown; echo "shutdown: exit $?"
start; echo "start at once: exit $?"
# the first may still answer: it is asked once it must have gone
sleep 2
if answers; then echo 'CHANGED: a daemon answers'; exit 1; fi
echo 'no daemon answers'
start; answers || { echo 'CHANGED: a start after the end does not work either'; exit 1; }
echo 'a start after the end: answers'
p shutdown > /dev/null
while p status > /dev/null 2>&1; do sleep 1; done; sleep 1
start; answers || { echo 'CHANGED: a start that waited does not work'; exit 1; }
echo 'as found'
