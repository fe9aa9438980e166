"""Prose is plain English, by the rules and the glossary of CONTRIBUTING.md, "Words"."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WIDTH = 120

# What the rules replace, with the words to write instead.
IDIOMS = {
    r"mend(s|ed|ing|ings)?": "fix; repair for an answer",
    r"cur(e|es|ed)": "fix",
    r"dear(er|est)?": "expensive",
    r"anew": "again; a budget resets",
    r"doors?": "entry point, or HTTP API",
    r"stands?": "is, has, lists, counts",
    r"told": "report, pass",
    r"left out:": "defaults to",
    r"that is none": "invalid",
}
_IDIOM = re.compile(rf"\b({'|'.join(IDIOMS)})(?!\w)", re.I)


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "local" / "README.md",
    ROOT / "terraform" / "README.md",
    ROOT / "asl" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
TERRAFORM = sorted({*(ROOT / "terraform").glob("*.tf"), *(ROOT / "examples").glob("*/*.tf")})
PYTHON = sorted(path for name in ("src", "local", "tools") for path in (ROOT / name).rglob("*.py"))

_GENERATED = re.compile(r"^<!-- [^\n]*-->\n.*?^<!-- (?:end|/\w+) -->$", re.S | re.M)
_CODE = re.compile(r"^[ ]*```.*?^[ ]*```$", re.S | re.M)
_QUOTED = re.compile(r"`[^`\n]*`|\"[^\"\n]*\"|\*[^*\n]+\*|\]\([^)]*\)")
_GLOSSARY = re.compile(r"^\|(?P<rest>.*)\|[^|\n]*\|$", re.M)

_STATEMENT_BEGINS = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)


def of_page(path: Path) -> str:
    """Return the prose of a page: no code, no quotes, no column of words to avoid."""
    text = _CODE.sub(_blank, path.read_text(encoding="utf-8"))
    if path.name == "CONTRIBUTING.md":
        text = _GLOSSARY.sub(lambda found: found["rest"], text)
    return _QUOTED.sub(_blank, text)


def of_module(path: Path) -> str:
    """Return a module's docstrings and comments, each on its own lines."""
    lines = [""] * (path.read_text(encoding="utf-8").count("\n") + 2)
    source = io.StringIO(path.read_text(encoding="utf-8"))
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(source.readline):
        # Other texts, such as lists of words, are a part of a statement.
        is_docstring = token.type == tokenize.STRING and before in _STATEMENT_BEGINS
        if token.type == tokenize.COMMENT or is_docstring:
            for number, line in enumerate(token.string.splitlines(), start=token.start[0]):
                lines[number - 1] = re.sub(r"``[^`]*``|`[^`]*`|'[^']*'", "", line)
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.type
    return "\n".join(lines)


def of_terraform(path: Path) -> str:
    """Return the descriptions, error messages and comments of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(
        re.sub(r"`[^`]*`", "", line)
        if re.search(r"description|error_message|#|^ {4}\w", line)
        else ""
        for line in lines
    )


def _blank(found: re.Match[str]) -> str:
    """Keep the lines, so that a finding has its number."""
    return "\n" * found[0].count("\n")


def idioms_in(text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        for found in _IDIOM.finditer(line):
            yield f"line {number}: {found[0]!r}: write {_instead_of(found[0])}"


def _instead_of(word: str) -> str:
    return next(instead for idiom, instead in IDIOMS.items() if re.fullmatch(idiom, word, re.I))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_a_page_has_no_translated_idiom(page: Path) -> None:
    assert not list(idioms_in(of_page(page)))


@pytest.mark.parametrize("path", TERRAFORM, ids=_name)
def test_the_texts_of_the_module_have_no_translated_idiom(path: Path) -> None:
    assert not list(idioms_in(of_terraform(path)))


def test_docstrings_and_comments_have_no_translated_idiom() -> None:
    found = {_name(path): list(idioms_in(of_module(path))) for path in PYTHON}

    assert {path: idioms for path, idioms in found.items() if idioms} == {}


@pytest.mark.parametrize(
    "sentence",
    [
        "The caller mends it.",
        "Left out: 5.",
        "the dearest of them",
        "it begins anew",
        "the HTTP door",
    ],
)
def test_the_words_to_avoid_are_recognized(sentence: str) -> None:
    assert list(idioms_in(sentence))


@pytest.mark.parametrize("sentence", ["an outdoor sensor", "dearth", "secure", "procured"])
def test_other_words_are_left_alone(sentence: str) -> None:
    assert not list(idioms_in(sentence))


def test_docstrings_and_comments_are_read_and_other_texts_are_not(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text('"""It is mended."""\n# begins anew\nWORDS = """dear door"""\n')

    assert [found.split(":")[0] for found in idioms_in(of_module(module))] == ["line 1", "line 2"]


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_prose_wraps_at_120_columns(page: Path) -> None:
    text = _CODE.sub(_blank, _GENERATED.sub(_blank, page.read_text(encoding="utf-8")))
    wide = [
        f"line {number}: {len(line)} columns"
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > WIDTH and not line.startswith(("|", "![")) and " " in _without_links(line)
    ]

    assert not wide


def _without_links(line: str) -> str:
    """Return what is left of a line that holds nothing but a link too long to wrap."""
    return re.sub(r"\[[^\]]*\]\([^)]*\)|`[^`]*`", "", line.strip()).strip(" .,;")
