"""Asks a model to score answers, twice in opposite orders, and reads what it replied. Pure.

A judge prefers what it reads first, or last. Both orders together cancel that: each answer is read
once early and once late. The first order is random, and the same for the same answers, so that a
repeated question is the same request.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.encoding import canonical_json, json_object
from router.workflows.run import fingerprint

ORDERS = 2
HIGHEST = 10
_CRITERIA = "It does what the task asks, is correct, complete and clear."
_CUT = "\n[…]"
_TOKENS_A_SCORE, _TOKENS_AROUND = 12, 64
# Of a request's 128 KiB of text by default: the rest is instructions, schema and escapes.
_SHARE = Decimal("0.7")
_MOST_BYTES = 90_000
"""Of one question: both travel in one state, of 256 KiB at most."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer to be judged: the variant's number, what was asked, what came."""

    number: int
    task: str
    text: str


def orders(candidates: Sequence[Candidate]) -> list[list[int]]:
    """Return the two orders in which the judge reads: numbers, one the reverse of the other."""
    first = [each.number for each in candidates]
    random.Random(_seed(candidates)).shuffle(first)
    return [first, first[::-1]]


def question(
    candidates: Sequence[Candidate],
    order: Sequence[int],
    criteria: str | None,
    input_bytes: int,
) -> dict[str, Any]:
    """Return the fields of the request that has the judge score the answers in an order."""
    by_number = {each.number: each for each in candidates}
    most = min(int(_SHARE * input_bytes), _MOST_BYTES) // (2 * len(order))
    tasks = [_clipped(by_number[number].task, most) for number in order]
    content: dict[str, Any] = {
        "criteria": criteria or _CRITERIA,
        "answers": {
            str(place): _clipped(by_number[number].text, most)
            for place, number in enumerate(order, start=1)
        },
    }
    if len(set(tasks)) == 1:
        content["task"] = tasks[0]
    else:
        content["tasks"] = {str(place): task for place, task in enumerate(tasks, start=1)}
    places = [str(place) for place in range(1, len(order) + 1)]
    # Every provider's structured outputs hold a model to an enum, not all to bounds.
    score = {"type": "integer", "enum": list(range(HIGHEST + 1))}
    return {
        "messages": [{"role": "user", "content": json.dumps(content, ensure_ascii=False)}],
        "system": _instructions(),
        "max_tokens": _TOKENS_AROUND + _TOKENS_A_SCORE * len(order),
        "response_schema": {
            "type": "object",
            "additionalProperties": False,
            "required": places,
            "properties": dict.fromkeys(places, score),
        },
    }


def question_id(candidates: Sequence[Candidate], number: int, criteria: str | None) -> str:
    """Return the name of a question's step: other answers, or criteria, make another question."""
    return f"judge-{number}-{fingerprint([_seed(candidates), criteria])}"


def scores_of(reply: str | None, order: Sequence[int]) -> dict[int, int]:
    """Return the scores by number; none if the reply is not what was asked for."""
    given = json_object(reply)
    found = {number: given.get(str(place)) for place, number in enumerate(order, start=1)}
    scores = {
        number: score
        for number, score in found.items()
        if isinstance(score, int) and not isinstance(score, bool) and 0 <= score <= HIGHEST
    }
    return scores if len(scores) == len(order) else {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The mean score of each variant, and the variants that share the highest.

    ``agrees`` says whether both orders have the same best; ``None`` if there are not two.
    """

    means: Mapping[int, Decimal]
    best: tuple[int, ...]
    agrees: bool | None


def verdict(scores: Sequence[Mapping[int, int]]) -> Verdict | None:
    """Return what the judge found; ``None`` if no order has scores."""
    given = [each for each in scores if each]
    if not given:
        return None
    means = {
        number: Decimal(sum(each[number] for each in given)) / len(given) for number in given[0]
    }
    tops = [top(each) for each in given]
    agrees = bool(set(tops[0]) & set(tops[1])) if len(tops) == ORDERS else None
    return Verdict(means, top(means), agrees)


def top(scores: Mapping[int, Any]) -> tuple[int, ...]:
    """Return the variants that share the highest score."""
    highest = max(scores.values())
    return tuple(sorted(number for number, score in scores.items() if score == highest))


def _seed(candidates: Sequence[Candidate]) -> str:
    return fingerprint([[each.number, each.task, each.text] for each in candidates])


def _clipped(text: str, most_bytes: int) -> str:
    # As it counts: a text in a JSON object, which is itself a text of the request.
    size = len(canonical_json(canonical_json(text).decode()))
    if size <= most_bytes:
        return text
    encoded = text.encode()
    return encoded[: len(encoded) * most_bytes // size].decode(errors="ignore") + _CUT


@lru_cache(maxsize=1)
def _instructions() -> str:
    return Path(__file__).with_name("judge.md").read_text(encoding="utf-8").strip()
