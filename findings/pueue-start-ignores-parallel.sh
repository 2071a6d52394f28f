#!/usr/bin/env bash
# WHAT: `pueue start ID` of a *queued* task runs it at once, beside the running one, in a group with parallel = 1; and in
#       a paused group. Neither is said, and the exit code is 0.
# VERSION: pueue 4.0.4 and 3.4.1
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: "one task at a time for each group" is what keeps two jobs off one GPU, and one impatient `start` ends
#       it. A job that must be alone has to hold a receipt of its own for the device.
set -u
. "$(dirname "$0")/lib/private-pueue.sh"

p add --label first -- 'sleep 60' > /dev/null
p add --label second -- 'sleep 60' > /dev/null
for _ in $(seq 50); do tasks | grep -q 'first .* Running' && break; sleep 0.1; done
p start 1; code=$?
sleep 1
tasks
[ "$code" = 0 ] && [ "$(tasks | grep -c ' default Running$')" = 2 ] || { echo 'CHANGED: not both run'; exit 1; }
p group add quiet > /dev/null && p pause -g quiet > /dev/null
p add --label third -g quiet -- 'sleep 60' > /dev/null
p start 2; code=$?
sleep 1
tasks | tail -n 1
[ "$code" = 0 ] && tasks | grep -q ' quiet Running$' || { echo 'CHANGED: the paused group kept it'; exit 1; }
p kill --all > /dev/null
echo 'as found: two at once where one is allowed, and one where none is'
