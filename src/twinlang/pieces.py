"""The special pieces, shared by both languages, with RoBERTa's ids.

Apart from the tokenizer, so that training need not import its library.
"""

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
START, PAD, END, UNKNOWN, MASK = range(5)
FIRST = len(SPECIALS)  # id of the first ordinary piece
