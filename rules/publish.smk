"""Scores, tables and figures.

READS    results/metrics/**.json
WRITES   results/scores/{experiment}.csv                     tidy, one row a metric file
         results/scores.csv                                  their union
         results/{table}.csv and results/{table}.html        table3, 5, 6, 7, 8, retrieval, alignment
         results/figures/{figure}.svg and .pdf               figure2 to figure5
"""


rule collect_scores:
    """The tidy scores of an experiment."""
    input:
        metrics=experiment_metrics,
    output:
        scores="results/scores/{experiment}.csv",
    log:
        "logs/collect_scores/{experiment}.log",
    benchmark:
        "benchmarks/collect_scores/{experiment}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        metrics=braced_metrics,
        version=VERSIONS["collect_scores"],
    shell:
        r"""
        python -m twinlang.steps.collect_scores \
            --metrics {params.metrics} \
            --output {output.scores:q} \
            >{log:q} 2>&1
        """


use rule collect_scores as collect_all_scores with:
    input:
        metrics=all_scores,
    output:
        scores="results/scores.csv",
    log:
        "logs/collect_scores.log",
    benchmark:
        "benchmarks/collect_scores.tsv"


rule write_table:
    """A table of the paper, as CSV and as shaded HTML."""
    input:
        scores=table_scores,
    output:
        csv="results/{table}.csv",
        html=report(
            "results/{table}.html",
            caption="../report/table.rst",
            category="Tables",
            labels={"table": "{table}"},
        ),
    log:
        "logs/write_table/{table}.log",
    benchmark:
        "benchmarks/write_table/{table}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        twins=table_twins,
        data=parameters.table_data(config),
        version=VERSIONS["write_table"],
    shell:
        r"""
        python -m twinlang.steps.write_table \
            --table {wildcards.table:q} \
            --scores {input.scores:q} \
            --twins {params.twins:q} \
            --data {params.data:q} \
            --csv {output.csv:q} \
            --html {output.html:q} \
            >{log:q} 2>&1
        """


rule draw_figure:
    """A figure of the paper, as SVG and PDF, with its caption."""
    input:
        scores=table_scores,
    output:
        svg=report(
            "results/figures/{figure}.svg",
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        pdf="results/figures/{figure}.pdf",
    log:
        "logs/draw_figure/{figure}.log",
    benchmark:
        "benchmarks/draw_figure/{figure}.tsv"
    conda:
        "../envs/plot.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        twins=table_twins,
        version=VERSIONS["draw_figure"],
    shell:
        r"""
        python -m twinlang.steps.draw_figure \
            --figure {wildcards.figure:q} \
            --scores {input.scores:q} \
            --twins {params.twins:q} \
            --svg {output.svg:q} \
            --pdf {output.pdf:q} \
            >{log:q} 2>&1
        """
