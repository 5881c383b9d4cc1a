"""Models for elsewhere: folders that `transformers` loads. Nothing here is made unless asked for.

READS    results/pretrain/P/{recipe.json,model.safetensors}
         results/finetune/P/{task}/f{fseed}/*.safetensors    and what finetune reads
         results/metrics/P/**.json                           scores for the model card
WRITES   results/export/P/lm/                                the masked language model
         results/export/P/{task}/f{fseed}/{setting}/         fine-tuned: bz, bs, or mo (mono model)
         results/finetune/P/{task}/f{fseed}/{bz,bs}.safetensors
         with P = {lang}/{twin}/{pairing}/s{seed}, or {lang}/orig/mono/s{seed}
"""


rule finetune_again:
    """The weights of BZ or BS, which the study does not keep; their score must be that of then."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        model="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
        items_train="results/tasks/{lang}/{task}/train.jsonl",
        items_dev="results/tasks/{lang}/{task}/dev.jsonl",
        train=tuned_on,
        deriv_dev="results/encoded/{lang}/{twin}/{task}/dev.arrow",
        metric="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}.json",
    output:
        model="results/finetune/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}.safetensors",
    log:
        "logs/finetune_again/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}.log",
    benchmark:
        "benchmarks/finetune_again/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}.tsv"
    wildcard_constraints:
        setting="bz|bs",
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
        version=VERSIONS["finetune_again"],
    shell:
        r"""
        python -m twinlang.steps.finetune_again \
            --recipe {input.recipe:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --model {input.model:q} \
            --items-train {input.items_train:q} \
            --items-dev {input.items_dev:q} \
            --train {input.train:q} \
            --deriv-dev {input.deriv_dev:q} \
            --metric {input.metric:q} \
            --output {output.model:q} \
            --coordinates {params.coordinates:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


rule export:
    """A pre-trained model as RobertaForMaskedLM; its card has the scores that are there by now."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        model="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
        metrics=known_metrics,
    output:
        folder=directory("results/export/{lang}/{twin}/{pairing}/s{seed}/lm"),
    log:
        "logs/export/{lang}/{twin}/{pairing}/s{seed}/lm.log",
    benchmark:
        "benchmarks/export/{lang}/{twin}/{pairing}/s{seed}/lm.tsv"
    wildcard_constraints:
        twin=ANY_TWIN,
        pairing=ANY_PAIRING,
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        data=export_data,
        version=VERSIONS["export"],
    shell:
        r"""
        python -m twinlang.steps.export \
            --recipe {input.recipe:q} \
            --model {input.model:q} \
            --tokenizer {input.tokenizer:q} \
            --metrics {input.metrics:q} \
            --data {params.data:q} \
            --output {output.folder:q} \
            >{log:q} 2>&1
        """


rule export_finetuned:
    """A fine-tuned model as RobertaForTokenClassification and the like: bz, bs, or the mono mo."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        model=tuned_model,
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
        metric="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}.json",
    output:
        folder=directory(
            "results/export/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}"
        ),
    log:
        "logs/export/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}.log",
    benchmark:
        "benchmarks/export/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/{setting}.tsv"
    wildcard_constraints:
        twin=ANY_TWIN,
        pairing=ANY_PAIRING,
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        settings=finetune_settings,
        data=export_data,
        version=VERSIONS["export"],
    shell:
        r"""
        python -m twinlang.steps.export \
            --recipe {input.recipe:q} \
            --model {input.model:q} \
            --tokenizer {input.tokenizer:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --metrics {input.metric:q} \
            --data {params.data:q} \
            --output {output.folder:q} \
            >{log:q} 2>&1
        """
