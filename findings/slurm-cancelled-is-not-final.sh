#!/usr/bin/env bash
# WHAT: a job that was cancelled before it ever ran is brought back by `scontrol requeue ID` (exit 0): it is PENDING
#       again, under the same id. With `sbatch --no-requeue` the same command is refused with exit code 1.
# VERSION: slurm 22.05.8 (Debian 12), JobRequeue at its default (1)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: "CANCELLED is final" is what one would build on: free the GPU, submit the retry. An operator's requeue
#       then starts a second copy. Submit with --no-requeue, and let the job itself claim its attempt.
set -u
. "$(dirname "$0")/lib/private-slurm.sh"

back() { # OPTION
  id=$(sbatch --parsable "$1" --output=/dev/null --wrap 'sleep 30') || exit 2
  scontrol hold "$id" 2> /dev/null
  scancel "$id"
  job_is "$id" CANCELLED || exit 2
  said=$(scontrol requeue "$id" 2>&1)
  code=$?
  sleep 2
  now=$(state_of "$id")
  printf 'sbatch %s, cancelled, scontrol requeue: exit %s, now %s %s\n' "$1" "$code" "$now" "$said"
  scancel "$id" 2> /dev/null
}
scontrol update nodename=n1 state=drain reason=busy
back --requeue
[ "$code $now" = '0 PENDING' ] || { echo CHANGED; exit 1; }
back --no-requeue
[ "$code $now" = '1 CANCELLED' ] || { echo CHANGED; exit 1; }
echo 'as found'
