"""Models of order, proof that their twins have it, and how far any twin is from its original.

READS    results/trees/{lang}/treebank/{split}.conllu
         results/encoded/{lang}/{twin}/corpus/main-a.arrow
WRITES   results/ordering/{lang}.json                        models of order, of nouns and of verbs
         results/syntax/{lang}.csv and .svg                  source, twin and target beside each other
         results/distances.csv                               every twin and its original
"""


rule train_ordering:
    """The ordering models of a language, trained from its treebank."""
    input:
        train="results/trees/{lang}/treebank/train.conllu",
        dev="results/trees/{lang}/treebank/dev.conllu",
    output:
        model="results/ordering/{lang}.json",
    log:
        "logs/train_ordering/{lang}.log",
    benchmark:
        "benchmarks/train_ordering/{lang}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=from_config(tree_parameters.ordering_settings, ["lang"]),
        treebank=from_config(tree_parameters.treebank_name, ["lang"]),
        version=VERSIONS["train_ordering"],
    shell:
        r"""
        python -m twinlang.steps.train_ordering \
            --train {input.train:q} \
            --dev {input.dev:q} \
            --settings {params.settings:q} \
            --treebank {params.treebank:q} \
            --lang {wildcards.lang:q} \
            --output {output.model:q} \
            >{log:q} 2>&1
        """


rule syntax_report:
    """The proof sheet of a language: where its twins stand between source and target."""
    input:
        unpack(from_config(tree_parameters.syntax_inputs, ["lang"])),
    output:
        csv="results/syntax/{lang}.csv",
        figure="results/syntax/{lang}.svg",
    log:
        "logs/syntax_report/{lang}.log",
    benchmark:
        "benchmarks/syntax_report/{lang}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        twins=from_config(tree_parameters.syntax_twins, ["lang"]),
        targets=from_config(tree_parameters.syntax_targets, ["lang"]),
        seed=config["twin_seed"],
        version=VERSIONS["syntax_report"],
    shell:
        r"""
        python -m twinlang.steps.syntax_report \
            --source {input.source:q} \
            --targets {input.targets:q} \
            --target-langs {params.targets:q} \
            --files {input.files:q} \
            --twins {params.twins:q} \
            --seed {params.seed} \
            --lang {wildcards.lang:q} \
            --csv {output.csv:q} \
            --figure {output.figure:q} \
            >{log:q} 2>&1
        """


rule measure_distances:
    """How far the order and the vocabulary of each twin are from its original."""
    input:
        corpora=tree_parameters.distance_corpora(config),
    output:
        csv="results/distances.csv",
    log:
        "logs/measure_distances.log",
    benchmark:
        "benchmarks/measure_distances.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        cells=study.canonical(tree_parameters.distance_cells(config)),
        version=VERSIONS["measure_distances"],
    shell:
        r"""
        python -m twinlang.steps.measure_distances \
            --corpora {input.corpora:q} \
            --cells {params.cells:q} \
            --output {output.csv:q} \
            >{log:q} 2>&1
        """
