"""A tenant's rules: what bounds, pins and forbids, whatever the classifier says.

Rules of the tenant ``*`` hold for everybody; a tenant's own fields stand before them, one by one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.errors import InvalidRequest
from router.ladder import TIERS, within
from router.safe_regex import LinearPattern, UnsafePattern, linear

PROVIDERS = ("bedrock", "openai", "anthropic")
EVERYBODY = "*"

# A pin looks at this many characters from the start and from the end of what the user wrote.
_SEARCHED = 8000
# Steps a character of all pins of a tenant together: bounds the search whatever the text is.
_MAX_STEPS = 1000
_TIER_NAME = re.compile(r"[A-Za-z][0-9A-Za-z_-]{0,31}")
_FIELDS = ("floor", "ceiling", "pins", "deny_providers", "tier_names")


class InvalidRules(ValueError):
    """The tenants' rules cannot be read; the message says where, and what to write."""


@dataclass(frozen=True, slots=True)
class Pin:
    """Prompts that match go to ``tier``; ``number`` is the pin's place in the rules, from 1."""

    number: int
    tier: str
    pattern: LinearPattern


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one tenant. ``tier_names`` maps names of its own to the three tiers."""

    floor: str = TIERS[0]
    ceiling: str = TIERS[-1]
    pins: tuple[Pin, ...] = ()
    deny_providers: frozenset[str] = frozenset()
    tier_names: Mapping[str, str] = field(default_factory=dict)

    def tier_named(self, name: str) -> str:
        """Return the tier that a request means by ``name``, or raise InvalidRequest."""
        if name in TIERS:
            return name
        if name in self.tier_names:
            return self.tier_names[name]
        raise InvalidRequest(f"`tier` must be one of {', '.join([*TIERS, *self.tier_names])}")

    def bound(self, tier: str) -> tuple[str, tuple[str, ...]]:
        """Return the tier cut to floor and ceiling, and the reason where it had to be cut."""
        allowed = within(tier, self.floor, self.ceiling)
        if allowed == tier:
            return tier, ()
        bound = "floor" if TIERS.index(tier) < TIERS.index(self.floor) else "ceiling"
        return allowed, (f"moved from {tier} to the tenant's {bound} {allowed}",)

    def pin_of(self, messages: Sequence[Mapping[str, str]]) -> Pin | None:
        """Return the first pin that matches what the user wrote in any turn."""
        if not self.pins:
            return None
        text = _searched_text(messages)
        return next((pin for pin in self.pins if pin.pattern.regex.search(text)), None)


def parse_rules(data: Mapping[str, Any]) -> dict[str, Rules]:
    """Parse ``{"<tenant>" | "*": {...}}``; raise InvalidRules that names tenant and field."""
    everybody = _given(data.get(EVERYBODY) or {}, EVERYBODY)
    return {
        tenant: _rules(everybody | _given(own or {}, tenant), tenant)
        for tenant, own in {EVERYBODY: {}, **data}.items()
    }


def rules_of(rules: Mapping[str, Rules], tenant: str) -> Rules:
    """Return the rules that hold for ``tenant``."""
    return rules.get(tenant) or rules[EVERYBODY]


def _given(data: Mapping[str, Any], tenant: str) -> dict[str, Any]:
    for name in data:
        if name not in _FIELDS:
            raise InvalidRules(f"tenant {tenant}: unknown `{name}`; known are {', '.join(_FIELDS)}")
    return {name: value for name, value in data.items() if value is not None}


def _rules(data: Mapping[str, Any], tenant: str) -> Rules:
    names = dict(data.get("tier_names", {}))
    for name in names:
        if name in TIERS or not _TIER_NAME.fullmatch(name):
            raise InvalidRules(
                f"tenant {tenant}: tier_names: write a name of up to 32 letters, digits, - and _"
                " that starts with a letter and is none of the three tiers"
            )
    floor = _one_of(TIERS, data.get("floor", TIERS[0]), f"tenant {tenant}: floor")
    ceiling = _one_of(TIERS, data.get("ceiling", TIERS[-1]), f"tenant {tenant}: ceiling")
    if TIERS.index(floor) > TIERS.index(ceiling):
        raise InvalidRules(f"tenant {tenant}: the floor {floor} is above the ceiling {ceiling}")
    pins = tuple(
        _pin(number, pin, f"tenant {tenant}: pin {number}")
        for number, pin in enumerate(data.get("pins", ()), start=1)
    )
    if sum(pin.pattern.steps for pin in pins) > _MAX_STEPS:
        raise InvalidRules(f"tenant {tenant}: the pins together are too dear: use fewer or shorter")
    return Rules(
        floor=floor,
        ceiling=ceiling,
        pins=pins,
        deny_providers=frozenset(
            _one_of(PROVIDERS, name, f"tenant {tenant}: deny_providers")
            for name in data.get("deny_providers", ())
        ),
        tier_names={
            name: _one_of(TIERS, tier, f"tenant {tenant}: tier_names.{name}")
            for name, tier in names.items()
        },
    )


def _pin(number: int, data: Mapping[str, Any], where: str) -> Pin:
    given = {name: value for name, value in data.items() if value is not None}
    if set(given) not in ({"tier", "contains"}, {"tier", "regex"}):
        raise InvalidRules(f"{where}: write `tier` and either `contains` or `regex`")
    try:
        pattern = _keyword(given["contains"]) if "contains" in given else linear(given["regex"])
    except UnsafePattern as error:
        raise InvalidRules(f"{where}: {error}") from None
    return Pin(number, _one_of(TIERS, given["tier"], f"{where}: tier"), pattern)


def _keyword(text: str) -> LinearPattern:
    """Return a pattern for whole words: "api" is not in "capital"."""
    words = unicodedata.normalize("NFC", text).split()
    if not words or len(text) > 100:
        raise UnsafePattern("write a keyword of 1 to 100 characters")
    before = r"(?<!\w)" if _has_edges(words[0][0]) else ""
    after = r"(?!\w)" if _has_edges(words[-1][-1]) else ""
    phrase = r"\s{1,9}".join(map(re.escape, words))
    return LinearPattern(re.compile(before + phrase + after, re.IGNORECASE), len(text))


def _has_edges(character: str) -> bool:
    # Scripts without case (Chinese, Japanese, Thai, …) put no spaces around a word.
    return character.isdigit() or character.lower() != character.upper()


def _one_of(allowed: Sequence[str], value: Any, where: str) -> str:
    if value not in allowed:
        raise InvalidRules(f"{where} must be one of {', '.join(allowed)}")
    return str(value)


def _searched_text(messages: Sequence[Mapping[str, str]]) -> str:
    text = "\n".join(turn["content"] for turn in messages if turn["role"] == "user")
    if len(text) > 2 * _SEARCHED:
        text = f"{text[:_SEARCHED]}\n{text[-_SEARCHED:]}"
    return unicodedata.normalize("NFC", text)
