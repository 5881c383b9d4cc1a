"""Measures of models that are trained already.

READS    results/finetune/{lang}/orig/mono/s{seed}/{task}/f{fseed}/model.safetensors
         results/pretrain/P/{recipe.json,model.safetensors}
         results/encoded/{lang}/{orig,twin}/{task}/dev.arrow
WRITES   results/metrics/P/{task}/f{fseed}/mz.json           mono model, scored on deriv
         results/metrics/P/retrieval.json                    sentences found among twins
         results/metrics/P/alignment.json                    embeddings found among twins
         with P = {lang}/{twin}/{pairing}/s{seed}
"""


rule evaluate:
    """MZ: the fine-tuned monolingual model, scored on deriv."""
    input:
        recipe="results/pretrain/{lang}/orig/mono/s{seed}/recipe.json",
        model="results/finetune/{lang}/orig/mono/s{seed}/{task}/f{fseed}/model.safetensors",
        items_dev="results/tasks/{lang}/{task}/dev.jsonl",
        deriv_dev="results/encoded/{lang}/{twin}/{task}/dev.arrow",
    output:
        metric="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/mz.json",
        predictions="results/metrics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}/mz.predictions.jsonl",
    log:
        "logs/evaluate/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}.log",
    benchmark:
        "benchmarks/evaluate/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=2000,
        runtime=60,
    params:
        settings=finetune_settings,
        coordinates=coordinates,
        unseen_rows=config["unseen_rows"],
        version=VERSIONS["evaluate"],
    shell:
        r"""
        python -m twinlang.steps.evaluate \
            --recipe {input.recipe:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --model {input.model:q} \
            --items-dev {input.items_dev:q} \
            --deriv-dev {input.deriv_dev:q} \
            --metric {output.metric:q} \
            --coordinates {params.coordinates:q} \
            --unseen-rows {params.unseen_rows:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


rule retrieve:
    """Retrieval: each orig sentence looked for among the twins, bilingual and mono model."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        model="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
        mono_recipe="results/pretrain/{lang}/orig/mono/s{seed}/recipe.json",
        mono_model="results/pretrain/{lang}/orig/mono/s{seed}/model.safetensors",
        orig_dev="results/encoded/{lang}/orig/retrieval/dev.arrow",
        deriv_dev="results/encoded/{lang}/{twin}/retrieval/dev.arrow",
    output:
        metric="results/metrics/{lang}/{twin}/{pairing}/s{seed}/retrieval.json",
    log:
        "logs/retrieve/{lang}/{twin}/{pairing}/s{seed}.log",
    benchmark:
        "benchmarks/retrieve/{lang}/{twin}/{pairing}/s{seed}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=2000,
        runtime=60,
    params:
        settings=retrieval_settings,
        coordinates=retrieval_coordinates,
        unseen_rows=config["unseen_rows"],
        version=VERSIONS["retrieve"],
    shell:
        r"""
        python -m twinlang.steps.retrieve \
            --recipe {input.recipe:q} \
            --model {input.model:q} \
            --mono-recipe {input.mono_recipe:q} \
            --mono-model {input.mono_model:q} \
            --orig-dev {input.orig_dev:q} \
            --deriv-dev {input.deriv_dev:q} \
            --metric {output.metric:q} \
            --settings {params.settings:q} \
            --coordinates {params.coordinates:q} \
            --unseen-rows {params.unseen_rows:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


rule align:
    """Alignment: each moved piece's embedding looked for among those of the twin."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        model="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
        orig="results/encoded/{lang}/orig/corpus/main-a.arrow",
    output:
        alignment="results/metrics/{lang}/{twin}/{pairing}/s{seed}/alignment.json",
    log:
        "logs/align/{lang}/{twin}/{pairing}/s{seed}.log",
    benchmark:
        "benchmarks/align/{lang}/{twin}/{pairing}/s{seed}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        coordinates=alignment_coordinates,
        version=VERSIONS["align"],
    shell:
        r"""
        python -m twinlang.steps.align \
            --recipe {input.recipe:q} \
            --model {input.model:q} \
            --orig {input.orig:q} \
            --output {output.alignment:q} \
            --coordinates {params.coordinates:q} \
            >{log:q} 2>&1
        """
