"""Nonsense on the command line is a usage error that says what to write, before anything runs."""

from __future__ import annotations

import argparse
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cost_calculator.cli import arguments
from router.cli import registry
from tests.unit.cli.test_registry import PARSERS, leaves

NONSENSE = [
    "-5",
    "nan",
    "inf",
    "1e400",
    "1e3",
    "",
    " ",
    "abc",
    "0x10",
    "٣",
    "9" * 5000,
    "5,0",
    "1/2",
]
# They take letters, so not all of it is bad.
FREE_TEXT = {"name", "tenant", "request_id", "tier", "id", "workflow", "session", "key", "model"}

TYPED = [
    (parser.prog, action)
    for command in PARSERS.values()
    for parser in leaves(command)
    for action in parser._actions
    if action.type not in (None, str, Path)
]
NUMERIC = [
    (prog, action) for prog, action in TYPED if action.dest not in FREE_TEXT | {"weights", "mix"}
]
# What a command line needs beside the option under test.
NEEDED = {
    "calibrate": ["--labels", "x", "--out", "y"],
    "ask": ["hello"],
    "batch submit": ["prompts.jsonl"],
    "budget set": ["--tenant", "acme"],
    "feedback": ["export"],
    "forget": ["--tenant", "acme"],
}


def named(pair: Any) -> str:
    prog, action = pair
    return f"{prog.removeprefix('faregate ')} {(action.option_strings or [action.dest])[-1]}"


def test_no_number_is_read_without_its_limits() -> None:
    assert [named(pair) for pair in TYPED if pair[1].type in (int, float, Decimal)] == []
    assert len(NUMERIC) >= 20


@pytest.mark.parametrize("text", NONSENSE, ids=lambda text: text[:8] or "empty")
@pytest.mark.parametrize("pair", NUMERIC, ids=named)
def test_nonsense_is_a_usage_error_that_says_what_to_write(
    pair: tuple[str, argparse.Action], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    prog, action = pair
    words = prog.split()[1:]
    needed = NEEDED.get(" ".join(words), [])

    with pytest.raises(SystemExit, match="2"):
        registry.main([*words, *needed, f"{action.option_strings[-1]}={text}"])

    assert "cannot be used: write" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["breakeven", "--volume", "-5"],
        ["breakeven", "--volume", "0"],
        ["breakeven", "--asked", "1.01"],
        ["breakeven", "--last", "0d"],
        ["breakeven", "--last", "99999w"],
        ["breakeven", "--mix", "SIMPLE=60:-300/200"],
        ["capacity", "--mix", "SIMPLE=" + "9" * 5000 + ":1/1"],
        ["capacity", "--peak", "0.99"],
        ["calibrate", "--labels", "x", "--out", "y", "--target-quality", "0"],
        ["calibrate", "--labels", "x", "--out", "y", "--target-quality", "1.5"],
        ["dashboard", "--port", "65536"],
        ["rerun", "--rate", "0"],
        ["rerun", "--limit", "0"],
        ["reprice", "--limit", "-1"],
        ["forget", "--tenant", "acme", "--before", "2026-13-01"],
        ["budget", "set", "--tenant", "acme", "--soft-share", "2"],
        ["batch", "submit", "prompts.jsonl", "--id", "a b"],
        ["keys", "create", "--tenant", "a b"],
        ["ask", "hello", "--max-tokens", "0"],
        ["ask", "hello", "--request-id", "a/b"],
        ["ask", "  "],
        ["explain", " "],
        ["feedback", "a/b", "good"],
        ["review", "show", "a/b"],
        ["--name", "a b", "report"],
    ],
    ids=" ".join,
)
def test_a_value_out_of_its_range_is_a_usage_error(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        registry.main(words)

    assert "write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (arguments.whole(example=1), "0007", 7),
        (arguments.number(example="1"), ".5", Decimal("0.5")),
        (arguments.share, "1", Decimal(1)),
        (arguments.port, "0", 0),
    ],
)
def test_what_makes_sense_is_read(read: Any, text: str, value: Any) -> None:
    assert read(text) == value
