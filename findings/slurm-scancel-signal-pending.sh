#!/usr/bin/env bash
# WHAT: `scancel --signal=TERM ID` of a *pending* job does nothing and ends with exit code 228 ("Job can not
#       be altered now, try again later"), while plain `scancel` of an unknown or ended id ends with 0.
# VERSION: slurm 22.05.8 (Debian 12)
# SOURCE: run on 2026-12-01
# WHY IT MATTERS: a graceful stop (TERM first, cancel later) leaves every job that still waits in the queue as it was; and
#       228 looks like a shell's "killed by signal 100", or an ssh of its own kind.
set -u
. "$(dirname "$0")/lib/private-slurm.sh"

id=$(sbatch --parsable --hold --output=/dev/null --wrap true) || exit 2
said=$(scancel --signal=TERM "$id" 2>&1)
code=$?
printf 'scancel --signal=TERM of a pending job: exit %s, "%s", now %s\n' "$code" "$said" "$(state_of "$id")"
scancel 7777; unknown=$?
printf 'scancel of an unknown job: exit %s\n' "$unknown"
[ "$code $(state_of "$id") $unknown" = '228 PENDING 0' ] || { echo CHANGED; exit 1; }
echo 'as found'
