"""The run as a whole: how it went, how it was made, and the page of all that it found.

READS    results/{tables, figures, claims, compare ...}      whatever the configuration's experiments make
         results/pretrain/P/train.jsonl                      for training curves
         results/metrics/**.json, benchmarks/**.tsv          for hashes, machines and times
WRITES   results/figures/figure1.svg and .pdf                the procedure, from these rules
         results/figures/training.svg and .pdf               loss over steps of every model
         results/report.html                                 all of it in one page
         with P = {lang}/{twin}/{pairing}/s{seed}, or {lang}/orig/mono/s{seed}
"""


rule draw_procedure:
    """The paper's Figure 1: the procedure, drawn from the run's own rules, as SVG and PDF."""
    output:
        svg=report(
            "results/figures/figure1.svg",
            caption="../report/procedure.rst",
            category="Figures",
            labels={"figure": "figure1"},
        ),
        pdf="results/figures/figure1.pdf",
    log:
        "logs/draw_procedure.log",
    benchmark:
        "benchmarks/draw_procedure.tsv"
    conda:
        "../envs/plot.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        rules=procedure,
        about=procedure_parameters.about(config),
        version=VERSIONS["draw_procedure"],
    shell:
        r"""
        python -m twinlang.steps.draw_procedure \
            --rules {params.rules:q} \
            --about {params.about:q} \
            --svg {output.svg:q} \
            --pdf {output.pdf:q} \
            >{log:q} 2>&1
        """


rule draw_training:
    """The training curves of all models, as SVG and PDF."""
    input:
        journals=report_parameters.journals(config),
    output:
        svg=report(
            "results/figures/training.svg",
            caption="../report/training.rst",
            category="Figures",
            labels={"figure": "training"},
        ),
        pdf="results/figures/training.pdf",
    log:
        "logs/draw_training.log",
    benchmark:
        "benchmarks/draw_training.tsv"
    conda:
        "../envs/plot.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        journals=report_parameters.journals_told(config),
        version=VERSIONS["draw_training"],
    shell:
        r"""
        python -m twinlang.steps.draw_training \
            --journals {params.journals:q} \
            --svg {output.svg:q} \
            --pdf {output.pdf:q} \
            >{log:q} 2>&1
        """


rule write_report:
    """One page of all that the run found and how it was made."""
    input:
        files=from_config(report_parameters.files),
    output:
        html=report(
            "results/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "report"},
        ),
    log:
        "logs/write_report.log",
    benchmark:
        "benchmarks/write_report.tsv"
    conda:
        "../envs/plot.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        parts=from_config(report_parameters.parts_told),
        settings=report_parameters.shown(config),
        version=VERSIONS["write_report"],
    shell:
        r"""
        python -m twinlang.steps.write_report \
            --parts {params.parts:q} \
            --settings {params.settings:q} \
            --benchmarks benchmarks \
            --metrics results/metrics \
            --output {output.html:q} \
            >{log:q} 2>&1
        """
