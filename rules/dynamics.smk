"""Learning dynamics: models as they were on the way. Off by default; made where a target asks.

READS    results/pretrain/P/recipe.json
         results/encoded/{lang}/{orig,twin}/corpus/*.arrow
WRITES   results/checkpoints/P/steps/{0,1,2,4 ...}.safetensors   weights after so many steps
         results/checkpoints/P/{model.safetensors,train.jsonl}   as in results/pretrain
         with P = {lang}/{twin}/{pairing}/s{seed}
"""


rule pretrain_checkpoints:
    """A bilingual model trained anew to the same weights, which are kept after 0, 1, 2, 4 ... steps."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        orig="results/encoded/{lang}/orig/corpus/main-a.arrow",
        deriv=deriv_corpus,
    output:
        steps=directory("results/checkpoints/{lang}/{twin}/{pairing}/s{seed}/steps"),
        model="results/checkpoints/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
        log="results/checkpoints/{lang}/{twin}/{pairing}/s{seed}/train.jsonl",
    log:
        "logs/pretrain_checkpoints/{lang}/{twin}/{pairing}/s{seed}.log",
    benchmark:
        "benchmarks/pretrain_checkpoints/{lang}/{twin}/{pairing}/s{seed}.tsv"
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
            --checkpoints {output.steps:q} \
            --model {output.model:q} \
            --journal {output.log:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """
