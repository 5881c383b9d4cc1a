"""One integer a step, passed to its rule as a parameter.

The workflow does not see edits of Python modules. A change of what a step computes is said here:
add one, and everything that the step made is made anew. Golden tests fail until it is.
"""

from __future__ import annotations

VERSIONS = {
    "fetch_hub": 1,
    "clean_text": 1,
    "fetch_corpus": 1,
    "fetch_task": 1,
    "train_tokenizer": 1,
    "encode_corpus": 1,
    "encode_task": 2,
    "derive": 2,
    "fetch_trees": 1,
    "train_parser": 1,
    "parse_corpus": 1,
    "parse_task": 1,
    "train_ordering": 2,
    "syntax_report": 2,
    "measure_distances": 1,
    "import_tokenizer": 1,
    "import_model": 1,
    "write_recipe": 1,
    "pretrain": 1,
    "finetune": 1,  # finetune_mono too: the same code trains both
    "finetune_again": 1,
    "evaluate": 1,
    "retrieve": 2,
    "align": 2,
    "export": 1,
    "collect_scores": 1,
    "write_table": 2,
    "draw_figure": 2,
    "show_twins": 2,
    "describe_data": 1,
    "compare": 1,
    "claims": 2,
    "differences": 1,
    "follow_checkpoints": 1,
    "draw_dynamics": 2,
    "draw_procedure": 1,
    "draw_training": 1,
    "write_report": 2,
}
