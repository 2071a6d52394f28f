# A Slurm of one node for as long as the script runs that reads this file: own ports, own key, own folder. As root.
# Sets `folder` (removed at the end) and SLURM_CONF, and defines `job_is ID STATE`, which waits for a state.
for tool in slurmctld slurmd sbatch munged; do
  PATH=$PATH:/usr/sbin command -v "$tool" > /dev/null || { echo "missing Debian packages: slurm-wlm munge"; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo 'this one needs root'; exit 2; }
PATH=$PATH:/usr/sbin
folder=$(mktemp -d /tmp/finding-slurm.XXXXXX) || exit 2
chmod 755 "$folder"

stop_slurm() {
  for file in slurmd slurmctld munged; do
    [ -s "$folder/$file.pid" ] && kill "$(cat "$folder/$file.pid")" 2> /dev/null
  done
  for _ in $(seq 50); do
    left=
    for file in slurmd slurmctld munged; do
      pid=$(cat "$folder/$file.pid" 2> /dev/null) || continue
      grep -qs '^State:.[^Z]' "/proc/$pid/status" && left=yes
    done
    [ -n "$left" ] || break
    sleep 0.1
  done
  rm -rf "$folder"
}
trap stop_slurm EXIT

two_ports=$(python3 -c 'import socket
a, b = socket.socket(), socket.socket()
[s.bind(("127.0.0.1", 0)) for s in (a, b)]
print(a.getsockname()[1], b.getsockname()[1])') || exit 2
mkdir -p "$folder/state" "$folder/spool" "$folder/munge"
head -c 128 /dev/urandom > "$folder/munge/key" && chmod 400 "$folder/munge/key"
munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/munge/seed" 2> /dev/null || exit 2
machine=$(uname -n | cut -d . -f 1)
cat > "$folder/slurm.conf" << CONF
ClusterName=finding
SlurmctldHost=$machine(127.0.0.1)
SlurmctldPort=${two_ports% *}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge/socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobcomp.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,bf_interval=1
ReturnToService=2
NodeName=n1 NodeHostname=$machine NodeAddr=127.0.0.1 Port=${two_ports#* } CPUs=2 RealMemory=1000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$folder/slurm.conf
slurmctld -f "$SLURM_CONF" && slurmd -f "$SLURM_CONF" -N n1 || { tail -n 5 "$folder"/*.log; exit 2; }
for _ in $(seq 100); do [ "$(sinfo -h -o %T 2> /dev/null)" = idle ] && break; sleep 0.1; done
[ "$(sinfo -h -o %T)" = idle ] || { echo 'Slurm does not come up'; tail -n 5 "$folder"/*.log; exit 2; }
cd "$folder" || exit 2
echo "slurm $(sinfo --version | cut -d ' ' -f 2)"

state_of() { scontrol show job "$1" 2> /dev/null | sed -n 's/.*JobState=\([A-Z_]*\).*/\1/p'; }
job_is() { # ID STATE: within 90 s
  for _ in $(seq 900); do [ "$(state_of "$1")" = "$2" ] && return 0; sleep 0.1; done
  echo "job $1 is $(state_of "$1"), not $2"
  return 1
}
