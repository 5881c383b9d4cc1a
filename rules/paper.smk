"""A run beside the paper: its numbers, its claims.

READS    results/scores.csv                                  all tidy scores
         results/metrics/**.predictions.jsonl                for intervals over examples
WRITES   results/compare.csv and results/compare.html        every printed number beside ours
         results/agreement.csv                               how each table's order agrees
         results/claims.csv and results/claims.html          every claim, tested
         results/differences.csv and .html                   BZ − BS and BZ − MZ of every cell, tested
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


rule differences:
    """BZ − BS and BZ − MZ of every cell, tested on the examples that both answered."""
    input:
        scores="results/scores.csv",
    output:
        csv="results/differences.csv",
        html=report(
            "results/differences.html",
            caption="../report/differences.rst",
            category="Tables",
            labels={"table": "differences"},
        ),
    log:
        "logs/differences.log",
    benchmark:
        "benchmarks/differences.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=VERSIONS["differences"],
    shell:
        r"""
        python -m twinlang.steps.differences \
            --scores {input.scores:q} \
            --predictions results/metrics \
            --csv {output.csv:q} \
            --html {output.html:q} \
            >{log:q} 2>&1
        """
