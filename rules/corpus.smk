"""Text and tokenizers.

READS    the user's text, or nothing (built-in languages)
WRITES   results/corpus/{lang}/{domain}/{half}.txt           one sentence a line
         results/corpus/{lang}/{domain}/{half}.report.json   what was left out, and why
         results/tokenizer/{lang}/tokenizer.json             trained on orig, for all its twins
"""


rule fetch_corpus:
    """One of the three disjoint corpora of a language, one sentence a line."""
    input:
        files=corpus_files,
    output:
        text="results/corpus/{lang}/{domain}/{half}.txt",
        report="results/corpus/{lang}/{domain}/{half}.report.json",
    log:
        "logs/fetch_corpus/{lang}/{domain}-{half}.log",
    benchmark:
        "benchmarks/fetch_corpus/{lang}/{domain}-{half}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        settings=corpus_settings,
        version=VERSIONS["fetch_corpus"],
    shell:
        r"""
        python -m twinlang.steps.fetch_corpus \
            --settings {params.settings:q} \
            --files {input.files:q} \
            --lang {wildcards.lang:q} \
            --domain {wildcards.domain:q} \
            --split {wildcards.half:q} \
            --output {output.text:q} \
            --report {output.report:q} \
            >{log:q} 2>&1
        """


rule train_tokenizer:
    """The byte-level BPE of a language, trained on its orig corpus."""
    input:
        corpus="results/corpus/{lang}/main/a.txt",
    output:
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
    log:
        "logs/train_tokenizer/{lang}.log",
    benchmark:
        "benchmarks/train_tokenizer/{lang}.tsv"
    wildcard_constraints:
        lang=TRAINED,
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        vocabulary=tokenizer("vocabulary"),
        min_frequency=tokenizer("min_frequency"),
        pattern=tokenizer("pattern"),
        version=VERSIONS["train_tokenizer"],
    shell:
        r"""
        python -m twinlang.steps.train_tokenizer \
            --corpus {input.corpus:q} \
            --vocabulary {params.vocabulary} \
            --min-frequency {params.min_frequency} \
            --pattern {params.pattern:q} \
            --output {output.tokenizer:q} \
            >{log:q} 2>&1
        """
