"""From text to pieces, and from a language to its twins.

READS    results/corpus/{lang}/{domain}/{half}.txt
         results/tasks/{lang}/{task}/{split}.jsonl
         results/tokenizer/{lang}/tokenizer.json
         results/trees/{lang}/...                            where a twin reads trees
         results/ordering/{lang}.json                        where a twin reads models
WRITES   results/encoded/{lang}/orig/corpus/{domain}-{half}.arrow
         results/encoded/{lang}/orig/{task}/{split}.arrow
         results/encoded/{lang}/trees/...                    the same files, a tree with each sentence
         results/encoded/{lang}/translations/...             of retrieval: the English side
         results/encoded/{lang}/{twin}/...                   the same files, derived
"""


rule encode_corpus:
    """A corpus as pieces, memory-mapped."""
    input:
        corpus="results/corpus/{lang}/{domain}/{half}.txt",
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
        trees=from_config(
            tree_parameters.corpus_trees, ["form", "lang", "domain", "half"]
        ),
    output:
        arrow="results/encoded/{lang}/{form}/corpus/{domain}-{half}.arrow",
    log:
        "logs/encode_corpus/{lang}/{form}/{domain}-{half}.log",
    benchmark:
        "benchmarks/encode_corpus/{lang}/{form}/{domain}-{half}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        version=VERSIONS["encode_corpus"],
    shell:
        r"""
        python -m twinlang.steps.encode_corpus \
            --corpus {input.corpus:q} \
            --tokenizer {input.tokenizer:q} \
            --dataset {wildcards.lang:q}/{wildcards.domain:q}/{wildcards.half:q} \
            --trees {input.trees:q} \
            --output {output.arrow:q} \
            >{log:q} 2>&1
        """


rule encode_task:
    """A split of a task as pieces; labels and characters travel with their piece."""
    input:
        records="results/tasks/{lang}/{task}/{split}.jsonl",
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
        trees=from_config(tree_parameters.task_trees, ["form", "lang", "task", "split"]),
    output:
        arrow="results/encoded/{lang}/{form}/{task}/{split}.arrow",
    log:
        "logs/encode_task/{lang}/{form}/{task}-{split}.log",
    benchmark:
        "benchmarks/encode_task/{lang}/{form}/{task}-{split}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        spacing=tokenizer("spacing"),
        boundary=config["boundary"],
        version=VERSIONS["encode_task"],
    shell:
        r"""
        python -m twinlang.steps.encode_task \
            --items {input.records:q} \
            --task {wildcards.task:q} \
            --lang {wildcards.lang:q} \
            --form {wildcards.form:q} \
            --tokenizer {input.tokenizer:q} \
            --dataset {wildcards.lang:q}/{wildcards.task:q}/{wildcards.split:q} \
            --spacing {params.spacing:q} \
            --boundary {params.boundary:q} \
            --trees {input.trees:q} \
            --output {output.arrow:q} \
            >{log:q} 2>&1
        """


rule derive:
    """The twin of a corpus or of a split of a task: order and script change, nothing else."""
    input:
        orig=from_config(tree_parameters.derived_from, ["lang", "twin", "data"]),
        files=from_config(tree_parameters.twin_files, ["lang", "twin"]),
    output:
        deriv="results/encoded/{lang}/{twin}/{data}.arrow",
    log:
        "logs/derive/{lang}/{twin}/{data}.log",
    benchmark:
        "benchmarks/derive/{lang}/{twin}/{data}.tsv"
    wildcard_constraints:
        data=ANY_DATA,
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        steps=from_config(tree_parameters.twin_steps, ["lang", "twin"]),
        seed=config["twin_seed"],
        leave_out=from_config(tree_parameters.leave_out, ["data"]),
        version=VERSIONS["derive"],
    shell:
        r"""
        python -m twinlang.steps.derive \
            --input {input.orig:q} \
            --steps {params.steps:q} \
            --seed {params.seed} \
            {params.leave_out} \
            --files {input.files:q} \
            --output {output.deriv:q} \
            >{log:q} 2>&1
        """
