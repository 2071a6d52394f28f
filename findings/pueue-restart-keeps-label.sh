#!/usr/bin/env bash
# WHAT: `pueue restart ID` makes a second task with the same label (new id, new created_at), and the first stays in the
#       list as Done. `pueue restart --in-place ID` runs the same entry again, with its id, label and created_at unchanged.
# VERSION: pueue 4.0.4 and 3.4.1
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a label is no key: a look by label finds two tasks, in two states. And (id, label, created_at), which
#       tells a re-used id from the old one, does not tell a second run from the first: a task seen Done can run later.
set -u
. "$(dirname "$0")/lib/private-pueue.sh"

is_done() { for _ in $(seq 50); do [ "$(tasks | grep -c ' Done$')" = "$1" ] && return; sleep 0.1; done; }
p add --label token -- 'echo run >> runs' > /dev/null
is_done 1
created=$(tasks | cut -d ' ' -f 3)
p restart 0 > /dev/null; is_done 2
tasks
[ "$(tasks | grep -c ' token ')" = 2 ] || { echo 'CHANGED: no second task with the label'; exit 1; }
p restart --in-place 0 > /dev/null
for _ in $(seq 50); do [ "$(grep -c run runs)" = 3 ] && break; sleep 0.1; done
tasks | sed -n 1p
echo "runs: $(grep -c run runs)"
[ "$(grep -c run runs)" = 3 ] && [ "$(tasks | sed -n 1p | cut -d ' ' -f 1-3)" = "0 token $created" ] || { echo CHANGED; exit 1; }
echo 'as found'
