"""What is fetched from the Hub: data sets of languages whose source is one of `FETCHED`, and models of parsers.

READS    data.lock.yaml, and the Hub
WRITES   results/hub/{lang}/{kind}.json                      where the files of a kind lie: main and other
                                                             (text), a task, trees, or parser
         results/hub/{lang}/{domain}/{shard}.txt             clean text, an empty line after a document
         results/hub/{lang}/{domain}/{shard}.report.json     what each filter removed
"""


rule fetch_hub:
    """The files of a data set, or of a parser's models, at the pinned commit."""
    output:
        manifest="results/hub/{lang}/{kind}.json",
    log:
        "logs/fetch_hub/{lang}/{kind}.log",
    benchmark:
        "benchmarks/fetch_hub/{lang}/{kind}.tsv"
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=600,
        download_mb=from_config(fetch_parameters.megabytes, ["lang", "kind"], lock=LOCK),
    params:
        pins=from_config(fetch_parameters.pinned, ["lang", "kind"], lock=LOCK),
        version=VERSIONS["fetch_hub"],
    shell:
        r"""
        python -m twinlang.steps.fetch_hub \
            --pins {params.pins:q} \
            --output {output.manifest:q} \
            >{log:q} 2>&1
        """


rule clean_text:
    """One file of a text, without mark-up and what is no text, in sentences."""
    input:
        manifest="results/hub/{lang}/{domain}.json",
    output:
        text="results/hub/{lang}/{domain}/{shard}.txt",
        report="results/hub/{lang}/{domain}/{shard}.report.json",
    log:
        "logs/clean_text/{lang}/{domain}/{shard}.log",
    benchmark:
        "benchmarks/clean_text/{lang}/{domain}/{shard}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        settings=from_config(parameters.clean_settings, ["lang"]),
        version=VERSIONS["clean_text"],
    shell:
        r"""
        python -m twinlang.steps.clean_text \
            --manifest {input.manifest:q} \
            --settings {params.settings:q} \
            --lang {wildcards.lang:q} \
            --shard {wildcards.shard} \
            --output {output.text:q} \
            --report {output.report:q} \
            >{log:q} 2>&1
        """
