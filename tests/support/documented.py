"""The shell commands of the documents, as a reader would paste them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "local" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
NEEDS_AN_ACCOUNT = "<!-- needs an AWS account -->"
_SHELL = ("", "sh", "bash", "console")
_PROGRAMS = ("make", "faregate", "python", "aws", "terraform", "curl", "export", "eval", "docker")


@dataclass(frozen=True, slots=True)
class Command:
    """A command in a block of a page; ``marked`` where the page says that it needs an account."""

    page: str
    marked: bool
    text: str


def blocks(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the shell blocks of a page, each with whether it is marked as needing an account."""
    for found in re.finditer(
        r"(?P<before>[^\n]*)\n\n?```(\w*)\n(?P<body>.*?)^```", text, re.S | re.M
    ):
        if found[2] in _SHELL:
            yield NEEDS_AN_ACCOUNT in found["before"], found["body"]


def commands_in(body: str) -> Iterator[str]:
    """Yield a block's commands, without comments; a backslash joins lines."""
    for line in body.replace("\\\n", " ").splitlines():
        for command in re.sub(r"\s+# .*$", "", line).split("&&"):
            if command.strip().split(" ")[0] in _PROGRAMS:
                yield re.sub(r"\s+", " ", command.strip())


def commands() -> list[Command]:
    """Return the commands of all pages, in order."""
    return [
        Command(str(page.relative_to(ROOT)), marked, text)
        for page in PAGES
        for marked, body in blocks(page.read_text(encoding="utf-8"))
        for text in commands_in(body)
    ]
