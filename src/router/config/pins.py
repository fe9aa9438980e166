"""Pins: words and patterns that decide the tier of a prompt, found in linear time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cost_calculator.tiers import TIERS
from router.analyzer.messages import text_of
from router.safe_regex import LinearPattern, UnsafePattern, linear

# So many characters are searched at the start and at the end of what the user wrote.
_SEARCHED = 8000
# Steps a character of all pins of a tenant together: bounds the search whatever the text is.
_MAX_STEPS = 1000


class InvalidPins(ValueError):
    """The pins of a tenant cannot be read; the message explains which, and what to write."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Prompts that match go to ``tier``; ``number`` is the pin's place in the rules, from 1."""

    number: int
    tier: str
    pattern: LinearPattern


def parse_pins(data: Sequence[Mapping[str, Any]]) -> tuple[Pin, ...]:
    """Parse ``[{"contains" | "regex": text, "tier": tier}]`` or raise InvalidPins."""
    pins = tuple(_pin(number, pin) for number, pin in enumerate(data, start=1))
    if sum(pin.pattern.steps for pin in pins) > _MAX_STEPS:
        raise InvalidPins("the pins together take too many steps: use fewer or shorter ones")
    return pins


def pin_of(pins: Sequence[Pin], messages: Sequence[Mapping[str, Any]]) -> Pin | None:
    """Return the first pin that matches what the user wrote in any turn."""
    text = _searched_text(messages)
    return next((pin for pin in pins if pin.pattern.regex.search(text)), None)


def _pin(number: int, data: Mapping[str, Any]) -> Pin:
    given = {name: value for name, value in data.items() if value is not None}
    if set(given) not in ({"tier", "contains"}, {"tier", "regex"}):
        raise InvalidPins(f"pin {number}: write `tier` and either `contains` or `regex`")
    try:
        pattern = _keyword(given["contains"]) if "contains" in given else linear(given["regex"])
    except UnsafePattern as error:
        raise InvalidPins(f"pin {number}: {error}") from None
    if given["tier"] not in TIERS:
        raise InvalidPins(f"pin {number}: tier must be one of {', '.join(TIERS)}")
    return Pin(number, given["tier"], pattern)


def _keyword(text: str) -> LinearPattern:
    """Return a pattern for whole words: "api" is not in "capital"."""
    words = unicodedata.normalize("NFC", text).split()
    if not words or len(text) > 100:
        raise UnsafePattern("write a keyword of 1 to 100 characters")
    before = r"(?<!\w)" if _has_edges(words[0][0]) else ""
    after = r"(?!\w)" if _has_edges(words[-1][-1]) else ""
    phrase = r"\s{1,9}".join(map(re.escape, words))
    steps = len(text) + 18 * (len(words) - 1)  # a gap is tried in nine ways, none of which forks
    return LinearPattern(re.compile(before + phrase + after, re.IGNORECASE), steps)


def _has_edges(character: str) -> bool:
    # Scripts without case (Chinese, Japanese, Thai, …) put no spaces around a word.
    return character.isdigit() or character.lower() != character.upper()


def _searched_text(messages: Sequence[Mapping[str, Any]]) -> str:
    text = "\n".join(text_of(turn) for turn in messages if turn["role"] == "user")
    if len(text) > 2 * _SEARCHED:
        text = f"{text[:_SEARCHED]}\n{text[-_SEARCHED:]}"
    return unicodedata.normalize("NFC", text)
