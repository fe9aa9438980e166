"""Splits text into chunks at its headings and paragraphs. Pure.

A chunk begins with the headings it is under, so that it can be found, and understood, by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

MOST_CHARACTERS = 1_600
"""Of a chunk: some 400 tokens, a section of a manual, and far below what models embed."""

_HEADING = re.compile(r"(#{1,6})\s+(\S.*?)\s*#*\s*")
_FENCE = re.compile(r"\s*(```|~~~)")


def split(text: str, most: int = MOST_CHARACTERS, under: str = "") -> list[str]:
    """Return the chunks of a text, none longer than ``most`` characters.

    ``under`` is a heading above all of the text.
    """
    chunks: list[str] = []
    for path, blocks in _sections(text):
        title = " > ".join(filter(None, [under, *path]))[: most // 4]
        room = most - len(title) - 2
        chunks += [
            f"{title}\n\n{body}" if title else body
            for body in _packed([piece for block in blocks for piece in _cut(block, room)], room)
        ]
    return chunks


@dataclass(slots=True)
class _Section:
    path: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)


def _sections(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield the headings above each section, and its paragraphs."""
    section, lines, fence = _Section(), list[str](), ""
    for line in [*text.splitlines(), ""]:
        if found := _FENCE.match(line):
            fence = "" if fence == found[1] else fence or found[1]
        heading = None if fence else _HEADING.fullmatch(line)
        if line.strip() and not heading:
            lines.append(line)
            continue
        if fence:  # a blank line within code
            lines.append(line)
            continue
        if lines:
            section.blocks.append("\n".join(lines))
            lines = []
        if heading:
            if section.blocks:
                yield section.path, section.blocks
            section = _Section([*section.path[: len(heading[1]) - 1], heading[2]])
    if lines:  # code that nothing closes
        section.blocks.append("\n".join(lines))
    if section.blocks:
        yield section.path, section.blocks


def _packed(pieces: list[str], room: int) -> Iterator[str]:
    """Put as many paragraphs together as fit."""
    body = ""
    for piece in pieces:
        if body and len(body) + 2 + len(piece) > room:
            yield body
            body = ""
        body = f"{body}\n\n{piece}" if body else piece
    if body:
        yield body


def _cut(block: str, room: int) -> Iterator[str]:
    """Cut a paragraph that is too long: at a line, else at a sentence, a word, or anywhere."""
    rest = block.rstrip()
    while len(rest) > room:
        head = rest[:room]
        ends = (head.rfind("\n"), head.rfind(". ") + 1, head.rfind(" "))
        at = next((end for end in ends if end > room // 2), room)
        yield rest[:at].rstrip()
        rest = rest[at:].lstrip()
    if rest.strip():
        yield rest
