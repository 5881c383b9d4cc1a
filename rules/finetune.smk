"""Fine-tuning, and the scores of what was fine-tuned.

READS    results/pretrain/P/{recipe.json,model.safetensors}
         results/tasks/{lang}/{task}/{split}.jsonl
         results/encoded/{lang}/{orig,twin}/{task}/{split}.arrow
WRITES   results/metrics/P/{task}/f{fseed}/bz.json           fine-tuned on orig, scored on deriv
         results/metrics/P/{task}/f{fseed}/bs.json           fine-tuned on deriv, scored on deriv
         results/metrics/{lang}/orig/mono/s{seed}/{task}/f{fseed}/mo.json   mono model, orig only
         results/finetune/{lang}/orig/mono/s{seed}/{task}/f{fseed}/model.safetensors
         and beside each metric its predictions, with P = {lang}/{twin}/{pairing}/s{seed}
"""


rule finetune:
    """BZ and BS: a bilingual model fine-tuned on orig and on deriv, both scored on deriv."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        model="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
        items_train="results/tasks/{lang}/{task}/train.jsonl",
        items_dev="results/tasks/{lang}/{task}/dev.jsonl",
        orig_train="results/encoded/{lang}/orig/{task}/train.arrow",
        deriv_train="results/encoded/{lang}/{twin}/{task}/train.arrow",
        deriv_dev="results/encoded/{lang}/{twin}/{task}/dev.arrow",
    output:
        bz="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/bz.json",
        bz_predictions="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/bz.predictions.jsonl",
        bs="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/bs.json",
        bs_predictions="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/bs.predictions.jsonl",
    log:
        "logs/finetune/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}.log",
    benchmark:
        "benchmarks/finetune/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=2000,
        runtime=240,
    params:
        settings=finetune_settings,
        coordinates=coordinates,
        version=VERSIONS["finetune"],
    shell:
        r"""
        python -m twinlang.steps.finetune \
            --recipe {input.recipe:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --model {input.model:q} \
            --items-train {input.items_train:q} \
            --items-dev {input.items_dev:q} \
            --orig-train {input.orig_train:q} \
            --deriv-train {input.deriv_train:q} \
            --deriv-dev {input.deriv_dev:q} \
            --bz {output.bz:q} \
            --bs {output.bs:q} \
            --coordinates {params.coordinates:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


rule finetune_mono:
    """The monolingual model fine-tuned on orig; all its twins are scored with this model."""
    input:
        recipe="results/pretrain/{lang}/orig/mono/s{seed}/recipe.json",
        model="results/pretrain/{lang}/orig/mono/s{seed}/model.safetensors",
        items_train="results/tasks/{lang}/{task}/train.jsonl",
        items_dev="results/tasks/{lang}/{task}/dev.jsonl",
        orig_train="results/encoded/{lang}/orig/{task}/train.arrow",
        orig_dev="results/encoded/{lang}/orig/{task}/dev.arrow",
    output:
        model="results/finetune/{lang}/orig/mono/s{seed}/{task}/f{fseed}/model.safetensors",
        metric="results/metrics/{lang}/orig/mono/s{seed}/{task}/f{fseed}/mo.json",
        predictions="results/metrics/{lang}/orig/mono/s{seed}/{task}/f{fseed}/mo.predictions.jsonl",
    log:
        "logs/finetune_mono/{lang}/s{seed}/{task}/f{fseed}.log",
    benchmark:
        "benchmarks/finetune_mono/{lang}/s{seed}/{task}/f{fseed}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=2000,
        runtime=240,
    params:
        settings=finetune_settings,
        coordinates=coordinates,
        version=VERSIONS["finetune"],
    shell:
        r"""
        python -m twinlang.steps.finetune_mono \
            --recipe {input.recipe:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --model {input.model:q} \
            --items-train {input.items_train:q} \
            --items-dev {input.items_dev:q} \
            --orig-train {input.orig_train:q} \
            --orig-dev {input.orig_dev:q} \
            --output {output.model:q} \
            --metric {output.metric:q} \
            --coordinates {params.coordinates:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """
