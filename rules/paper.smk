"""A run beside the paper: its numbers, its claims; what was run, in words and examples.

READS    results/scores.csv                                  all tidy scores
         results/**.report.json, results/encoded/**.arrow    sizes, example sentences
         results/metrics/**.predictions.jsonl                for intervals over examples
WRITES   results/compare.csv and results/compare.html        every printed number beside ours
         results/agreement.csv                               how each table's order agrees
         results/claims.csv and results/claims.html          every claim, tested
         results/table{1,2,4}.csv and .html                  twins by example, scores, data sets
"""


rule compare:
    """Every number that the paper prints, beside ours."""
    input:
        scores="results/scores.csv",
    output:
        csv="results/compare.csv",
        agreement="results/agreement.csv",
        html=report(
            "results/compare.html",
            caption="../report/compare.rst",
            category="The paper",
            labels={"table": "compare"},
        ),
    log:
        "logs/compare.log",
    benchmark:
        "benchmarks/compare.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        twins=study.run_twins(config),
        languages=study.run_languages(config),
        version=VERSIONS["compare"],
    shell:
        r"""
        python -m twinlang.steps.compare \
            --scores {input.scores:q} \
            --twins {params.twins:q} \
            --languages {params.languages:q} \
            --csv {output.csv:q} \
            --agreement {output.agreement:q} \
            --html {output.html:q} \
            >{log:q} 2>&1
        """


rule claims:
    """Every claim of the paper, tested on our scores and the predictions beside them."""
    input:
        scores="results/scores.csv",
    output:
        csv="results/claims.csv",
        html=report(
            "results/claims.html",
            caption="../report/claims.rst",
            category="The paper",
            labels={"table": "claims"},
        ),
    log:
        "logs/claims.log",
    benchmark:
        "benchmarks/claims.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        twins=study.run_twins(config),
        version=VERSIONS["claims"],
    shell:
        r"""
        python -m twinlang.steps.claims \
            --scores {input.scores:q} \
            --predictions results/metrics \
            --twins {params.twins:q} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            >{log:q} 2>&1
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
        table2_html="results/table2.html",
        table4_csv="results/table4.csv",
        table4_html="results/table4.html",
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
