"""A situation is described in several sentences of rules, cases, conflicts or symptoms."""

from __future__ import annotations

import pytest

from router.analyzer import Complexity, load
from router.analyzer.situation import describes_a_situation

DESCRIBED = (
    "My colleague was promoted last month. Since then he keeps complaining about my friend in front"
    " of the boss. I feel guilty and torn. Is there anything to be said?",
    "If it rains, every tram is late. No tram that is late waits for anyone. It rains and someone"
    " is waiting. Is the last tram late?",
)
PLAIN = (
    "What is the capital of Peru?",
    "If every tram is late, is any tram on time, or none of all?",
    "The museum opens at nine. The garden opens at eight. The café is next door. When does the"
    " garden open?",
)


@pytest.mark.parametrize("prompt", DESCRIBED)
def test_a_described_situation_is_noticed(prompt: str) -> None:
    assert describes_a_situation(load().read(prompt))


@pytest.mark.parametrize("prompt", PLAIN)
def test_a_question_or_a_plain_text_is_none(prompt: str) -> None:
    assert not describes_a_situation(load().read(prompt))


@pytest.mark.parametrize("prompt", DESCRIBED)
def test_only_what_is_called_simple_is_marked(prompt: str) -> None:
    found = load().classify_prompt(prompt)

    assert found.situation == (found.label is Complexity.SIMPLE)
