"""Labelled data.

READS    the user's files, or nothing (built-in languages)
WRITES   results/tasks/{lang}/{task}/{split}.jsonl           one record a line
         results/tasks/{lang}/{task}/{split}.report.json     what was left out, and why
"""


rule fetch_task:
    """A split of a task in a language, one record a line."""
    input:
        files=task_files,
    output:
        records="results/tasks/{lang}/{task}/{split}.jsonl",
        report="results/tasks/{lang}/{task}/{split}.report.json",
    log:
        "logs/fetch_task/{lang}/{task}-{split}.log",
    benchmark:
        "benchmarks/fetch_task/{lang}/{task}-{split}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=task_settings,
        version=VERSIONS["fetch_task"],
    shell:
        r"""
        python -m twinlang.steps.fetch_task \
            --settings {params.settings:q} \
            --files {input.files:q} \
            --lang {wildcards.lang:q} \
            --task {wildcards.task:q} \
            --split {wildcards.split:q} \
            --output {output.records:q} \
            --report {output.report:q} \
            >{log:q} 2>&1
        """
