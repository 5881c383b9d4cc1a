"""Pairs of natural languages that share an encoder of the user's (`pairs` in the configuration).

READS    results/pretrain/{lang}/orig/mono/s{seed}/...       the imported encoder
         results/finetune/{lang}/orig/mono/s{seed}/...       the same, fine-tuned on each language
         results/encoded/{lang}/orig/{task}/dev.arrow
WRITES   results/metrics/{lang}/from-{source}/natural/s{seed}/{task}/f{fseed}/{bz,bs}.json
         results/metrics/{lang}/from-{source}/natural/s{seed}/retrieval.json
         results/scores/pairs.csv
         results/{pairs,pairs-retrieval}.csv and .html
"""


rule evaluate_pair:
    """BZ and BS of a pair: tuned on the source, or on the target, and scored on the target."""
    input:
        recipe=from_config(
            pair_parameters.recipe, ["lang", "source", "setting", "seed"]
        ),
        model=from_config(pair_parameters.model),
        items_dev="results/tasks/{lang}/{task}/dev.jsonl",
        dev="results/encoded/{lang}/orig/{task}/dev.arrow",
    output:
        metric="results/metrics/{lang}/from-{source}/natural/s{seed}/{task}/f{fseed}/{setting}.json",
        predictions="results/metrics/{lang}/from-{source}/natural/s{seed}/{task}/f{fseed}/{setting}.predictions.jsonl",
    log:
        "logs/evaluate_pair/{lang}/from-{source}/s{seed}/{task}/f{fseed}/{setting}.log",
    benchmark:
        "benchmarks/evaluate_pair/{lang}/from-{source}/s{seed}/{task}/f{fseed}/{setting}.tsv"
    wildcard_constraints:
        setting="bz|bs",
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=4000,
        runtime=60,
    params:
        settings=finetune_settings,
        coordinates=from_config(
            pair_parameters.coordinates, ["lang", "source", "seed", "task", "fseed"]
        ),
        version=VERSIONS["evaluate"],
    shell:
        r"""
        python -m twinlang.steps.evaluate \
            --recipe {input.recipe:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --model {input.model:q} \
            --items-dev {input.items_dev:q} \
            --deriv-dev {input.dev:q} \
            --metric {output.metric:q} \
            --setting {wildcards.setting:q} \
            --coordinates {params.coordinates:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


rule retrieve_pair:
    """Retrieval of a pair: each sentence looked for among the translations of its set."""
    input:
        recipe="results/pretrain/{lang}/orig/mono/s{seed}/recipe.json",
        model="results/pretrain/{lang}/orig/mono/s{seed}/model.safetensors",
        translations="results/encoded/{lang}/translations/retrieval/dev.arrow",
        dev="results/encoded/{lang}/orig/retrieval/dev.arrow",
    output:
        metric="results/metrics/{lang}/from-{source}/natural/s{seed}/retrieval.json",
    log:
        "logs/retrieve_pair/{lang}/from-{source}/s{seed}.log",
    benchmark:
        "benchmarks/retrieve_pair/{lang}/from-{source}/s{seed}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=4000,
        runtime=60,
    params:
        settings=retrieval_settings,
        coordinates=from_config(pair_parameters.coordinates),
        version=VERSIONS["retrieve"],
    shell:
        r"""
        python -m twinlang.steps.retrieve \
            --recipe {input.recipe:q} \
            --model {input.model:q} \
            --orig-dev {input.translations:q} \
            --deriv-dev {input.dev:q} \
            --metric {output.metric:q} \
            --settings {params.settings:q} \
            --coordinates {params.coordinates:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


use rule collect_scores as collect_pairs with:
    input:
        metrics=from_config(pair_parameters.collected, []),
    output:
        scores="results/scores/pairs.csv",
    log:
        "logs/collect_pairs.log",
    benchmark:
        "benchmarks/collect_pairs.tsv"


use rule write_table as write_pairs with:
    input:
        scores="results/scores/pairs.csv",
    wildcard_constraints:
        table="pairs|pairs-retrieval",
    params:
        twins="{}",
        version=VERSIONS["write_table"],
