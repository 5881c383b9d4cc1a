#!/bin/sh
# One task of `srun`, on each node of a job: a process of torchrun there, which finds the others through the first node.
#   srun --nodes=2 --ntasks=2 sh profiles/slurm/torchrun.sh -m MODULE ...        PER_NODE=4 for four processes a node
first=$(scontrol show hostnames "$SLURM_STEP_NODELIST" | head -n 1)
exec python -m torch.distributed.run --nnodes="$SLURM_STEP_NUM_NODES" --nproc-per-node="${PER_NODE:-1}" \
    --rdzv-backend=c10d --rdzv-id="$SLURM_JOB_ID" --rdzv-endpoint="$first:$((29500 + SLURM_JOB_ID % 1000))" "$@"
