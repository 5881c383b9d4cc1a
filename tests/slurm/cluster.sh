#!/usr/bin/env bash
# A Slurm of one machine for tests, without systemd and cgroups. One at a time: its jobs find it by /etc/slurm, since
# Snakemake's plugin hands no SLURM_CONF on. Needs root, slurm-wlm and munge.
#   cluster.sh start NODES    starts so many nodes of two processors each, called HOST, HOST-2 ...
#   cluster.sh node N         starts the daemon of the N-th node again
#   cluster.sh stop           ends all of it
set -euo pipefail

command=${1:-} folder=/var/tmp/twinlang-slurm host=$(hostname -s) mark="# made by tests/slurm/cluster.sh"

name() { if [ "$1" = 1 ]; then echo "$host"; else echo "$host-$1"; fi; }

stop() {
    scancel --me 2>/dev/null || true
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
SlurmdTimeout=10
MinJobAge=600
KillWait=5
CONF
    for n in $(seq "$1"); do
        echo "NodeName=$(name "$n") NodeHostname=$host NodeAddr=127.0.0.1 Port=$((17000 + n)) CPUs=2 RealMemory=8000 State=UNKNOWN"
    done
    echo "PartitionName=main Nodes=ALL Default=YES MaxTime=24:00:00 State=UP"
}

start() {
    if [ -s /etc/slurm/slurm.conf ] && ! grep -q "$mark" /etc/slurm/slurm.conf; then
        echo "/etc/slurm/slurm.conf is not of these tests; they do not touch it" >&2
        exit 1
    fi
    stop
    rm -rf "$folder"
    mkdir -p "$folder"/{state,log,run} /etc/slurm /run/munge
    chmod 755 /run/munge
    configure "$1" >/etc/slurm/slurm.conf
    (umask 077 && head -c 1024 /dev/urandom >"$folder/munge.key")
    munged --force --key-file="$folder/munge.key" --pid-file="$folder/run/munged.pid" \
        --log-file="$folder/log/munged.log" --seed-file="$folder/run/munge.seed" --num-threads=2
    slurmctld -c
    for n in $(seq "$1"); do slurmd -N "$(name "$n")"; done
    for _ in $(seq 100); do
        [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | wc -l)" = "$1" ] && return
        sleep 0.1
    done
    echo "the nodes did not come up; see $folder/log" >&2
    exit 1
}

case $command in
    start) start "${2:-1}" ;;
    node) slurmd -N "$(name "$2")" ;;
    stop) stop ;;
    *) sed -n '2,6p' "$0" && exit 2 ;;
esac
