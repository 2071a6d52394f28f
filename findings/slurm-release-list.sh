#!/usr/bin/env bash
# WHAT: `scontrol release A,B` with an unknown A releases B, ends with exit code 1, and says
#       "Invalid job id specified for job A" and "slurm_suspend error: No error".
# VERSION: slurm 22.05.8 (Debian 12)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a batched release that failed may have released any part of its list: its exit code says nothing of a
#       single job, and "No error" nothing at all. Each job has to be looked at again.
set -u
. "$(dirname "$0")/lib/private-slurm.sh"

held=$(sbatch --parsable --hold --output=/dev/null --wrap true) || exit 2
said=$(scontrol release "7777,$held" 2>&1)
code=$?
printf 'scontrol release 7777,%s: exit %s\n%s\n' "$held" "$code" "$said"
job_is "$held" COMPLETED || { echo "CHANGED: the known job of the list was not released"; exit 1; }
[ "$code" = 1 ] || { echo "CHANGED: exit $code"; exit 1; }
echo 'as found: exit 1, and the job ran'
