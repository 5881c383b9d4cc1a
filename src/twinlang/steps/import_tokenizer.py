"""Import the tokenizer of a `transformers` folder, as the one that a language's text is read with.

It must be of RoBERTa's kind (byte-level BPE) or of XLM-RoBERTa's (Unigram). Its pieces stay as they
are; ids change where special pieces stand elsewhere than here, and import_model moves the
embeddings to match.
"""

from __future__ import annotations

from twinlang import foreign_tokenizer, tokenizer
from twinlang.cli import parser, run


def main(argv: list[str] | None = None) -> None:
    flags = parser(__doc__)
    flags.add_argument("--folder", required=True, help="what save_pretrained has written")
    flags.add_argument("--output", required=True, help="tokenizer.json")
    arguments = flags.parse_args(argv)
    foreign_tokenizer.elsewhere(arguments.folder, arguments.output)
    adopted, _ = foreign_tokenizer.adopt(arguments.folder)
    tokenizer.save(adopted, arguments.output)


if __name__ == "__main__":
    run(main)
