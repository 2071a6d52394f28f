#!/usr/bin/env bash
# WHAT: `squeue -j ID` of a job that Slurm does not know ends with exit code 1 and "Invalid job id specified"; of *two*
#       unknown jobs, `squeue -j ID,ID`, it ends with 0 and prints nothing, as it does for a known one beside an unknown.
# VERSION: slurm 22.05.8 (Debian 12)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a poller that asks for all its jobs at once works for any number but one: when the last one is purged
#       (MinJobAge) its squeue "fails", and a poller that takes the failure for an unreachable controller waits for ever.
set -u
. "$(dirname "$0")/lib/private-slurm.sh"

ask() {
  squeue -h -j "$1" -o '%i %T' > out 2> err
  code=$?
  printf 'squeue -j %s: exit %s, stdout "%s", stderr "%s"\n' "$1" "$code" "$(cat out)" "$(cat err)"
}
known=$(sbatch --parsable --hold --wrap true) || exit 2
ask 7777; one=$code
ask 7777,8888; two=$code
ask "7777,$known"; mixed=$code
[ "$one $two $mixed" = '1 0 0' ] && [ "$(cat out)" = "$known PENDING" ] || { echo CHANGED; exit 1; }
echo 'as found'
