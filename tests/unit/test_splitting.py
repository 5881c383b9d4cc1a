"""Sentences of the four languages."""

from __future__ import annotations

import pytest

from twinlang.splitting import boundaries, sentences


@pytest.mark.parametrize(
    ("lang", "line", "found"),
    [
        ("en", "Dr. Low met J. K. Toe in 1990. She left! Why?", 3),
        ("fr", "M. Roux est là. Il a vu Mme. Dufour et J.-P. Petit. Bien !", 3),
        ("fr", "Quel bruit ! … Il dort.", 2),
        ("hi", "डॉ. मीना घर गई। क्या वह आई? हाँ! सब ठीक है।", 4),
        ("hi", "वह घर पर है. मैं यहाँ हूँ.", 2),
        ("ar", "وصل د. سامي إلى البيت. هل رأيته؟ نعم!", 3),
        ("xx", "Bo ti. Su ma.", 2),
        ("en", "", 0),
        ("en", "   ", 0),
    ],
)
def test_sentences_of_each_language(lang: str, line: str, found: int) -> None:
    assert len(sentences(line, lang=lang)) == found


@pytest.mark.parametrize("lang", ["en", "fr", "hi", "ar"])
def test_boundaries_leave_out_only_blanks(lang: str) -> None:
    line = "  One two. Three!  \n\n « Quatre. » पाँच। ستة؟  Seven J. Eight "
    spans = boundaries(line, lang=lang)
    covered = {place for start, end in spans for place in range(start, end)}
    assert all(line[place].isspace() for place in set(range(len(line))) - covered)
    assert all(line[a:b] == line[a:b].strip() for a, b in spans)
    assert all(end <= start for (_, end), (start, _) in zip(spans, spans[1:], strict=False))
