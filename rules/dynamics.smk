"""Learning dynamics: models as they were on the way. Off by default; made where a target asks.

READS    results/pretrain/P/recipe.json
         results/encoded/{lang}/{orig,twin}/{corpus,{task}}/*.arrow
         results/tasks/{lang}/{task}/{split}.jsonl
WRITES   results/checkpoints/P/steps/{0,1,2,4 ...}.safetensors   weights after so many steps
         results/checkpoints/P/{model.safetensors,train.jsonl}   as in results/pretrain
         results/dynamics/P/{task}/f{fseed}.csv              alignment, BZ and BS after so many steps
         results/figures/dynamics.svg and .pdf               the same, drawn for one language
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


rule follow_checkpoints:
    """Alignment, BZ and BS of a bilingual model as it was after 0, 1, 2, 4 ... steps."""
    input:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        checkpoints="results/checkpoints/{lang}/{twin}/{pairing}/s{seed}/steps",
        items_train="results/tasks/{lang}/{task}/train.jsonl",
        items_dev="results/tasks/{lang}/{task}/dev.jsonl",
        orig_train="results/encoded/{lang}/orig/{task}/train.arrow",
        deriv_train="results/encoded/{lang}/{twin}/{task}/train.arrow",
        deriv_dev="results/encoded/{lang}/{twin}/{task}/dev.arrow",
    output:
        csv="results/dynamics/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}.csv",
    log:
        "logs/follow_checkpoints/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}.log",
    benchmark:
        "benchmarks/follow_checkpoints/{lang}/{twin}/{pairing}/s{seed}/{task}/f{fseed}.tsv"
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        device="cpu",
        precision="auto",
        micro_batch=0,
        mem_mb=2000,
        runtime=600,
    params:
        settings=finetune_settings,
        coordinates=coordinates,
        version=VERSIONS["follow_checkpoints"],
    shell:
        r"""
        python -m twinlang.steps.follow_checkpoints \
            --recipe {input.recipe:q} \
            --checkpoints {input.checkpoints:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --items-train {input.items_train:q} \
            --items-dev {input.items_dev:q} \
            --orig-train {input.orig_train:q} \
            --deriv-train {input.deriv_train:q} \
            --deriv-dev {input.deriv_dev:q} \
            --output {output.csv:q} \
            --coordinates {params.coordinates:q} \
            --device {resources.device:q} \
            --precision {resources.precision:q} \
            --micro-batch {resources.micro_batch} \
            --threads {threads} \
            >{log:q} 2>&1
        """


rule draw_dynamics:
    """The learning curves of one language: alignment, BZ and BS over steps, as SVG and PDF."""
    input:
        curves=report_parameters.dynamics(config),
    output:
        svg=report(
            "results/figures/dynamics.svg",
            caption="../report/dynamics.rst",
            category="Figures",
            labels={"figure": "dynamics"},
        ),
        pdf="results/figures/dynamics.pdf",
    log:
        "logs/draw_dynamics.log",
    benchmark:
        "benchmarks/draw_dynamics.tsv"
    conda:
        "../envs/plot.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        version=VERSIONS["draw_dynamics"],
    shell:
        r"""
        python -m twinlang.steps.draw_dynamics \
            --curves {input.curves:q} \
            --svg {output.svg:q} \
            --pdf {output.pdf:q} \
            >{log:q} 2>&1
        """
