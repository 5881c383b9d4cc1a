"""What was run, from the run's own files.

READS    results/encoded/{lang}/{orig,twin}/corpus/main-a.arrow
         results/tokenizer/{lang}/tokenizer.json
         results/{corpus,tasks}/**.report.json
WRITES   results/table1.csv and results/table1.html          a sentence in each of its twins
         results/table2.csv and results/table2.html          what each score is taken from
         results/table4.csv and results/table4.html          data sets: sizes, sources, licences
"""


rule show_twins:
    """A sentence of each language in each of its twins (Table 1)."""
    input:
        files=parameters.shown_files(config),
    output:
        csv="results/table1.csv",
        html=report(
            "results/table1.html",
            caption="../report/described.rst",
            category="Tables",
            labels={"table": "table1"},
        ),
    log:
        "logs/show_twins.log",
    benchmark:
        "benchmarks/show_twins.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        twins=parameters.shown_twins(config),
        version=VERSIONS["show_twins"],
    shell:
        r"""
        python -m twinlang.steps.show_twins \
            --twins {params.twins:q} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            >{log:q} 2>&1
        """


rule describe_data:
    """What each score is taken from (Table 2), and the data sets as run (Table 4)."""
    input:
        reports=parameters.reports(config),
    output:
        table2_csv="results/table2.csv",
        table2_html=report(
            "results/table2.html",
            caption="../report/described.rst",
            category="Tables",
            labels={"table": "table2"},
        ),
        table4_csv="results/table4.csv",
        table4_html=report(
            "results/table4.html",
            caption="../report/described.rst",
            category="Tables",
            labels={"table": "table4"},
        ),
    log:
        "logs/describe_data.log",
    benchmark:
        "benchmarks/describe_data.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        pairings=parameters.run_pairings(config),
        version=VERSIONS["describe_data"],
    shell:
        r"""
        python -m twinlang.steps.describe_data \
            --reports {input.reports:q} \
            --pairings {params.pairings:q} \
            --scores-csv {output.table2_csv:q} \
            --scores-html {output.table2_html:q} \
            --data-csv {output.table4_csv:q} \
            --data-html {output.table4_html:q} \
            >{log:q} 2>&1
        """
