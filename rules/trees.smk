"""Trees of sentences, as CoNLL-U.

READS    the user's trees (nothing for built-in languages), results/corpus/, results/tasks/
WRITES   results/trees/{lang}/treebank/{split}.conllu        to learn orders and parsing from
         results/parsers/{lang}.udpipe                       a parser of the language
         results/trees/{lang}/{corpus/{domain}-{half}/{shard},{task}/{split}}.conllu   and .report.json
"""


rule fetch_trees:
    """A split of a language's treebank."""
    input:
        files=from_config(tree_parameters.treebank_files, ["lang", "split"]),
    output:
        trees="results/trees/{lang}/treebank/{split}.conllu",
        report="results/trees/{lang}/treebank/{split}.report.json",
    log:
        "logs/fetch_trees/{lang}/{split}.log",
    benchmark:
        "benchmarks/fetch_trees/{lang}/{split}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=from_config(parameters.treebank_settings, ["lang"]),
        version=VERSIONS["fetch_trees"],
    shell:
        r"""
        python -m twinlang.steps.fetch_trees \
            --settings {params.settings:q} \
            --files {input.files:q} \
            --lang {wildcards.lang:q} \
            --split {wildcards.split:q} \
            --output {output.trees:q} \
            --report {output.report:q} \
            >{log:q} 2>&1
        """


rule train_parser:
    """A UDPipe model of a language, trained from its treebank."""
    input:
        train="results/trees/{lang}/treebank/train.conllu",
        dev="results/trees/{lang}/treebank/dev.conllu",
    output:
        model="results/parsers/{lang}.udpipe",
    log:
        "logs/train_parser/{lang}.log",
    benchmark:
        "benchmarks/train_parser/{lang}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        settings=from_config(tree_parameters.trained_parser, ["lang"]),
        version=VERSIONS["train_parser"],
    shell:
        r"""
        python -m twinlang.steps.train_parser \
            --train {input.train:q} \
            --dev {input.dev:q} \
            --settings {params.settings:q} \
            --output {output.model:q} \
            >{log:q} 2>&1
        """


rule parse_corpus:
    """The trees of one part of a corpus."""
    input:
        corpus="results/corpus/{lang}/{domain}/{half}.txt",
        model=from_config(tree_parameters.parser_files, ["lang"]),
        trees=from_config(tree_parameters.parsed_from, ["lang"]),
    output:
        trees="results/trees/{lang}/corpus/{domain}-{half}/{shard}.conllu",
        report="results/trees/{lang}/corpus/{domain}-{half}/{shard}.report.json",
    log:
        "logs/parse_corpus/{lang}/{domain}-{half}/{shard}.log",
    benchmark:
        "benchmarks/parse_corpus/{lang}/{domain}-{half}/{shard}.tsv"
    conda:
        "../envs/parse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        settings=from_config(tree_parameters.corpus_parser, ["lang"]),
        shards=from_config(tree_parameters.shards, ["lang"]),
        version=VERSIONS["parse_corpus"],
    shell:
        r"""
        python -m twinlang.steps.parse_corpus \
            --corpus {input.corpus:q} \
            --settings {params.settings:q} \
            --model {input.model:q} \
            --lang {wildcards.lang:q} \
            --domain {wildcards.domain:q} \
            --split {wildcards.half:q} \
            --shard {wildcards.shard} \
            --shards {params.shards} \
            --output {output.trees:q} \
            --report {output.report:q} \
            >{log:q} 2>&1
        """


rule parse_task:
    """The trees of the sentences of a split of a task."""
    input:
        records="results/tasks/{lang}/{task}/{split}.jsonl",
        model=from_config(tree_parameters.parser_files, ["lang"]),
        trees=from_config(tree_parameters.parsed_from, ["lang"]),
    output:
        trees="results/trees/{lang}/{task}/{split}.conllu",
        report="results/trees/{lang}/{task}/{split}.report.json",
    log:
        "logs/parse_task/{lang}/{task}-{split}.log",
    benchmark:
        "benchmarks/parse_task/{lang}/{task}-{split}.tsv"
    conda:
        "../envs/parse.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        settings=from_config(tree_parameters.task_parser, ["lang", "task"]),
        boundary=config["boundary"],
        version=VERSIONS["parse_task"],
    shell:
        r"""
        python -m twinlang.steps.parse_task \
            --items {input.records:q} \
            --task {wildcards.task:q} \
            --settings {params.settings:q} \
            --model {input.model:q} \
            --lang {wildcards.lang:q} \
            --split {wildcards.split:q} \
            --boundary {params.boundary:q} \
            --output {output.trees:q} \
            --report {output.report:q} \
            >{log:q} 2>&1
        """
