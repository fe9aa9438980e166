"""A reason names what decided: without what it names, the label is less likely."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.reasons import upheld
from router.analyzer import Analyzer, Complexity, load

SETS = Path(__file__).parents[3] / "sets"


def prompts() -> list[str]:
    text = (SETS / "handwritten.jsonl").read_text(encoding="utf-8")
    return [json.loads(line)["prompt"] for line in text.split("\n") if line]


def test_without_a_named_signal_the_label_is_less_likely() -> None:
    found = upheld(load(), prompts())

    assert len(found) > 300
    assert sum(found) / len(found) >= 0.97


def test_a_reason_that_decided_nothing_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    against = [-weight for weight in load().toward(Complexity.COMPLEX)]
    monkeypatch.setattr(Analyzer, "toward", lambda _self, _label: against)

    found = upheld(load(), prompts())

    assert sum(found) / len(found) < 0.8


@pytest.mark.parametrize("name", ["handwritten", "multilingual", "redteam"])
def test_no_sign_of_a_harder_task_is_never_why_something_is_hard(name: str) -> None:
    text = (SETS / f"{name}.jsonl").read_text(encoding="utf-8")
    for line in filter(None, text.split("\n")):
        found = load().classify_prompt(json.loads(line)["prompt"])
        if found.label is not Complexity.SIMPLE:
            assert "no sign of a harder task" not in found.reasons


def test_a_short_ask_after_a_long_paste_says_so() -> None:
    paste = "The committee met on the second floor and took note of the minutes. " * 20
    found = load().classify_prompt(f"{paste}\n\nTranslate the last sentence into Dutch.")

    assert found.label is Complexity.SIMPLE
    assert found.reasons


@given(st.text(alphabet="qxzvkw ", min_size=9, max_size=60))
def test_reasons_hold_no_word_of_the_prompt(text: str) -> None:
    """They stand on the rows of requests whose text must not be kept."""
    turns = [
        {"role": "user", "content": f"Prove that the {text} is {text}."},
        {"role": "assistant", "content": "Shall I?"},
        {"role": "user", "content": "yes"},
    ]
    found = load().classify(turns)

    said = set(" ".join(found.reasons).split())
    assert said.isdisjoint(word for word in text.split() if len(word) > 2)
    assert found.quoting[0].startswith("inherits the task:")
