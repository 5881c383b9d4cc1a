#!/usr/bin/env bash
# A Slurm of one machine for tests, without systemd and cgroups. One at a time: its jobs find it by /etc/slurm, since
# Snakemake's plugin hands no SLURM_CONF on. Needs root, slurm-wlm and munge.
#   cluster.sh start NODES [MORE]   starts so many nodes of four processors each, called HOST, HOST-2 ..., in the partition
#                                   main, and MORE that follow in the partition spare; then runs a job on all
#   cluster.sh kill N               kills the daemon of the N-th node (kill -9); its jobs run on
#   cluster.sh node N               starts it again
#   cluster.sh stop                 ends all of it
# Where it cannot start, it says why, with the last lines that its daemons wrote, and leaves nothing behind.
set -euo pipefail

command=${1:-} folder=/var/tmp/twinlang-slurm host=$(hostname -s) mark="# made by tests/slurm/cluster.sh"

name() { if [ "$1" = 1 ]; then echo "$host"; else echo "$host-$1"; fi; }

names() { for n in $(seq "$1" "$2"); do name "$n"; done | paste -sd,; }

die() { echo "$1" >&2 && exit 1; }

stop() {
    if grep -qs "$mark" /etc/slurm/slurm.conf; then
        timeout 10 scancel --me 2>/dev/null || true
        for _ in $(seq 100); do  # their processes end before the daemons do, or nobody ends them
            [ -z "$(timeout 10 squeue --noheader --states=running,completing 2>/dev/null)" ] && break
            sleep 0.1
        done
    fi
    for pid in "$folder"/run/*.pid; do
        [ -f "$pid" ] && kill -9 "$(cat "$pid")" 2>/dev/null || true
        rm -f "$pid"
    done
    if grep -qs "$mark" /etc/slurm/slurm.conf; then rm /etc/slurm/slurm.conf; fi
}

configure() {
    cat <<CONF
$mark
ClusterName=twins
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
AuthType=auth/munge
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool.%n
SlurmctldPidFile=$folder/run/slurmctld.pid
SlurmdPidFile=$folder/run/slurmd.%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1,sched_min_interval=0
AccountingStorageType=accounting_storage/none
MpiDefault=none
ReturnToService=2
SlurmdParameters=config_overrides
SlurmdTimeout=20
MessageTimeout=60
MinJobAge=3600
KillWait=10
CONF
    for n in $(seq "$(($1 + $2))"); do
        echo "NodeName=$(name "$n") NodeHostname=$host NodeAddr=127.0.0.1 Port=$((17000 + n)) CPUs=4 RealMemory=64000 State=UNKNOWN"
    done
    echo "PartitionName=main Nodes=$(names 1 "$1") Default=YES MaxTime=24:00:00 State=UP"
    if [ "$2" != 0 ]; then echo "PartitionName=spare Nodes=$(names $(($1 + 1)) $(($1 + $2))) MaxTime=24:00:00 State=UP"; fi
}

authenticate() {  # by the machine's own munged where there is one
    munge --no-input 2>/dev/null | unmunge >/dev/null 2>&1 && return
    mkdir -p /run/munge
    chmod 755 /run/munge
    (umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
    munged --force --key-file="$folder/munge.key" --pid-file="$folder/run/munged.pid" \
        --log-file="$folder/log/munged.log" --seed-file="$folder/run/munge.seed" --num-threads=2
}

idle() { timeout 10 sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l; }

start() {
    if [ -s /etc/slurm/slurm.conf ] && ! grep -q "$mark" /etc/slurm/slurm.conf; then
        die "/etc/slurm/slurm.conf is not of these tests; they do not touch it"
    fi
    getent hosts "$host" >/dev/null || die "this machine's name, $host, does not resolve"
    trap 'tail -n 4 "$folder"/log/*.log 2>/dev/null | cut -c -300 >&2 || true; stop' EXIT
    stop
    rm -rf "$folder"
    mkdir -p "$folder"/{state,log,run} /etc/slurm
    configure "$1" "$2" >/etc/slurm/slurm.conf
    authenticate
    slurmctld -c
    for n in $(seq "$(($1 + $2))"); do slurmd -N "$(name "$n")"; done
    for _ in $(seq 300); do
        [ "$(idle)" = "$(($1 + $2))" ] && break
        sleep 0.2
    done
    [ "$(idle)" = "$(($1 + $2))" ] || die "the nodes did not come up"
    for partition in main $([ "$2" = 0 ] || echo spare); do
        nodes=$([ $partition = main ] && echo "$1" || echo "$2")
        timeout 60 srun --partition=$partition --nodes="$nodes" --ntasks="$nodes" true || die "no job runs in $partition"
    done
    trap - EXIT
}

case $command in
    start) start "${2:-1}" "${3:-0}" ;;
    kill) kill -9 "$(cat "$folder/run/slurmd.$(name "$2").pid")" ;;
    node) slurmd -N "$(name "$2")" ;;
    stop) stop ;;
    *) sed -n '2,9p' "$0" && exit 2 ;;
esac
