"""Pre-training: bilingual models, and the monolingual model of each language.

READS    results/encoded/{lang}/orig/corpus/main-a.arrow     every orig side and every mono model
         results/encoded/{lang}/{twin}/corpus/*.arrow        the deriv side, by pairing
         results/tokenizer/{lang}/tokenizer.json
WRITES   results/pretrain/P/recipe.json                      all that decides the numbers
         results/pretrain/P/model.safetensors
         results/pretrain/P/train.jsonl                      loss and speed by step
         with P = {lang}/{twin}/{pairing}/s{seed}, or {lang}/orig/mono/s{seed}
"""


rule write_recipe:
    """All that decides the numbers of a model, in one file."""
    input:
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
    output:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
    log:
        "logs/write_recipe/{lang}/{twin}/{pairing}/s{seed}.log",
    benchmark:
        "benchmarks/write_recipe/{lang}/{twin}/{pairing}/s{seed}.tsv"
    wildcard_constraints:
        lang=TRAINED,
        twin=ANY_TWIN,
        pairing=ANY_PAIRING,
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        settings=pretrain_settings,
        version=VERSIONS["write_recipe"],
    shell:
        r"""
        python -m twinlang.steps.write_recipe \
            --settings {params.settings:q} \
            --tokenizer {input.tokenizer:q} \
            --output {output.recipe:q} \
            >{log:q} 2>&1
        """


rule pretrain:
    """A bilingual model, trained on orig and its twin; killed and run again, it goes on."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        orig="results/encoded/{lang}/orig/corpus/main-a.arrow",
        deriv=deriv_corpus,
    output:
        model="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
        log="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/train.jsonl",
    log:
        "logs/pretrain/{lang}/{twin}/{pairing}/s{seed}.log",
    benchmark:
        "benchmarks/pretrain/{lang}/{twin}/{pairing}/s{seed}.tsv"
    wildcard_constraints:
        lang=TRAINED,
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        launcher="python",
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=2000,
        runtime=600,
    params:
        version=VERSIONS["pretrain"],
    shell:
        r"""
        {resources.launcher} -m twinlang.steps.pretrain \
            --recipe {input.recipe:q} \
            --orig {input.orig:q} \
            --deriv {input.deriv:q} \
            --model {output.model:q} \
            --journal {output.log:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


rule pretrain_mono:
    """The monolingual model of a language, trained on orig alone for the same number of steps."""
    input:
        recipe="results/pretrain/{lang}/orig/mono/s{seed}/recipe.json",
        orig="results/encoded/{lang}/orig/corpus/main-a.arrow",
    output:
        model="results/pretrain/{lang}/orig/mono/s{seed}/model.safetensors",
        log="results/pretrain/{lang}/orig/mono/s{seed}/train.jsonl",
    log:
        "logs/pretrain_mono/{lang}/s{seed}.log",
    benchmark:
        "benchmarks/pretrain_mono/{lang}/s{seed}.tsv"
    wildcard_constraints:
        lang=TRAINED,
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        launcher="python",
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=2000,
        runtime=600,
    params:
        version=VERSIONS["pretrain"],
    shell:
        r"""
        {resources.launcher} -m twinlang.steps.pretrain \
            --recipe {input.recipe:q} \
            --orig {input.orig:q} \
            --model {output.model:q} \
            --journal {output.log:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """
