"""Models that were trained elsewhere, for languages that name a folder: `languages: en: {model: FOLDER}`.

READS    the user's folder: config.json, model.safetensors or its shards, tokenizer.json
WRITES   results/tokenizer/{lang}/tokenizer.json             in the place of train_tokenizer
         results/pretrain/P/recipe.json                      in the place of write_recipe
         results/pretrain/P/model.safetensors                in the place of pretrain
         with P = {lang}/{twin}/{pairing}/s{seed}, or {lang}/orig/mono/s{seed}
"""


rule import_tokenizer:
    """The tokenizer of a language whose models come from elsewhere."""
    input:
        files=mono_files,
    output:
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
    log:
        "logs/import_tokenizer/{lang}.log",
    benchmark:
        "benchmarks/import_tokenizer/{lang}.tsv"
    wildcard_constraints:
        lang=IMPORTED,
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        folder=mono_folder,
        version=VERSIONS["import_tokenizer"],
    shell:
        r"""
        python -m twinlang.steps.import_tokenizer \
            --folder {params.folder:q} \
            --output {output.tokenizer:q} \
            >{log:q} 2>&1
        """


rule import_model:
    """A RoBERTa checkpoint of transformers, checked, as if it had been pre-trained here."""
    input:
        files=checkpoint_files,
        tokenizer="results/tokenizer/{lang}/tokenizer.json",
    output:
        recipe="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/recipe.json",
        model="results/pretrain/{lang}/{twin}/{pairing}/s{seed}/model.safetensors",
    log:
        "logs/import_model/{lang}/{twin}/{pairing}/s{seed}.log",
    benchmark:
        "benchmarks/import_model/{lang}/{twin}/{pairing}/s{seed}.tsv"
    wildcard_constraints:
        lang=IMPORTED,
        twin=ANY_TWIN,
        pairing=ANY_PAIRING,
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        folder=checkpoint_folder,
        settings=import_settings,
        version=VERSIONS["import_model"],
    shell:
        r"""
        python -m twinlang.steps.import_model \
            --folder {params.folder:q} \
            --tokenizer {input.tokenizer:q} \
            --settings {params.settings:q} \
            --recipe {output.recipe:q} \
            --model {output.model:q} \
            >{log:q} 2>&1
        """
