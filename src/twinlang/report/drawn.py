"""Figures within a page: SVG that takes the page's colours and fonts, its names its own."""

from __future__ import annotations

import re
from html import escape

from twinlang.cli import UserError

INK = {"#000000": "var(--ink)", "black": "var(--ink)", "#ffffff": "var(--page)"}


def inline(svg: str, name: str, label: str) -> str:
    """An SVG file as an element of a page.

    name: what its identifiers begin with, since all figures of a page share one name space; label:
    what it shows, for those who do not see it.

    Raises:
        UserError: it is no SVG.
    """
    start = re.search(r"<svg\b", svg)
    if not start:
        raise UserError(f"{name} is no SVG; delete it and run again")
    body = svg[start.start() :]
    for kind in ("style", "metadata"):  # fonts and dates; the page has fonts of its own
        body = re.sub(rf"<{kind}\b.*?</{kind}>", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r'((?:xlink:)?href)="#', rf'\1="#{name}-', body)
    body = body.replace("url(#", f"url(#{name}-")
    for old, new in INK.items():
        body = re.sub(rf"(fill|stroke): ?{old}\b", rf"\1: {new}", body)
    return _framed(body, label)


def _framed(body: str, label: str) -> str:
    """The element with a label, and a view box, without which it would not grow and shrink."""
    head, end, rest = body.partition(">")
    size = re.search(r'width="([\d.]+)(?:pt)?" height="([\d.]+)', head)
    if "viewBox" not in head and size:
        head += f' viewBox="0 0 {size[1]} {size[2]}"'
    head = re.sub(r' (role|aria-label)="[^"]*"', "", head)
    return f'{head} role="group" aria-label="{escape(label)}"{end}{rest}'
