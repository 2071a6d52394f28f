#!/usr/bin/env bash
# WHAT: `sbatch --time=0` means no limit (UNLIMITED). `scontrol update jobid=ID TimeLimit=0` means none left: the running
#       job is ended at the controller's next round, within half a minute, as TIMEOUT. scontrol then says ExitCode=0:15, and the record of jobcomp/filetxt ExitCode=0:0.
# VERSION: slurm 22.05.8 (Debian 12)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: whoever lifts a limit with the 0 that worked at submission kills the job; and whoever reads the exit
#       code without the state, or jobcomp's, takes the killed job for one that succeeded.
set -u
. "$(dirname "$0")/lib/private-slurm.sh"

id=$(sbatch --parsable --time=0 --output=/dev/null --wrap 'sleep 300') || exit 2
job_is "$id" RUNNING || exit 2
before=$(squeue -h -j "$id" -o %l)
scontrol update jobid="$id" TimeLimit=0 || exit 2
printf 'sbatch --time=0: limit %s; after TimeLimit=0: limit %s\n' "$before" "$(squeue -h -j "$id" -o %l)"
[ "$before" = UNLIMITED ] || { echo CHANGED; exit 1; }
job_is "$id" TIMEOUT || { echo CHANGED; exit 1; }
scontrol show job "$id" | grep -oE '(JobState|RunTime|TimeLimit|ExitCode)=[^ ]*'
for _ in $(seq 100); do grep -q "JobId=$id " "$folder/jobcomp.log" && break; sleep 0.1; done
printf 'jobcomp: '; grep "JobId=$id " "$folder/jobcomp.log" | grep -oE '(JobState|ExitCode)=[^ ]*' | tr '\n' ' '; echo
scontrol show job "$id" | grep -q 'ExitCode=0:15' && grep "JobId=$id " "$folder/jobcomp.log" | grep -q ' ExitCode=0:0 ' ||
  { echo 'CHANGED: another exit code'; exit 1; }
echo 'as found'
