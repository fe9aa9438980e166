"""A tenant's rules: bounds, pins and denials, whatever the classifier's label.

Rules of the tenant ``*`` apply to every tenant; a tenant's own fields replace them one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from cost_calculator.tiers import TIERS, within
from router.catalog.providers import PROVIDERS
from router.errors import InvalidRequest
from router.guards.budgets import Limits, parse_limits
from router.guards.rate_limit import Rate, parse_rate

if TYPE_CHECKING:
    from router.config.pins import Pin

EVERYBODY = "*"

_TIER_NAME = re.compile(r"\*|[A-Za-z][0-9A-Za-z_.:/-]{0,127}")
AUTO = "auto"
"""What a name of a tenant's own may mean beside a tier: the analyzer decides."""
ANY_NAME = "*"
_FIELDS = (
    "floor", "ceiling", "pins", "deny_providers", "tier_names", "budget", "rate", "prompt_cache",
    "cache",
)  # fmt: skip
Parsed = TypeVar("Parsed")


class InvalidRules(ValueError):
    """The tenants' rules cannot be read; the message explains where, and what to write."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for one tenant.

    ``tier_names`` maps names of its own to the three tiers. ``prompt_cache`` declares that the same
    instructions come again within minutes, so that the provider is to keep them; ``cache`` that
    whole answers may be given again.
    """

    floor: str = TIERS[0]
    ceiling: str = TIERS[-1]
    pins: tuple[Pin, ...] = ()
    deny_providers: frozenset[str] = frozenset()
    tier_names: Mapping[str, str] = field(default_factory=dict)
    budget: Limits | None = None
    rate: Rate | None = None
    ceiling_reason: str | None = None
    prompt_cache: bool = False
    cache: CacheRule | None = None

    def tier_named(self, name: str) -> str | None:
        """Return the tier that a request means by ``name``, ``None`` if the analyzer decides.

        Raise ``InvalidRequest`` for a name that means nothing.
        """
        if name in TIERS:
            return name
        meant = self.tier_names.get(name) or self.tier_names.get(ANY_NAME)
        if meant is None:
            raise InvalidRequest(f"`tier` must be one of {', '.join([*TIERS, *self.tier_names])}")
        return None if meant == AUTO else meant

    def below(self, tier: str, because: str) -> Rules:
        """Return the rules with their ceiling one step below ``tier``; a floor there holds."""
        lower = TIERS[TIERS.index(tier) - 1]
        if TIERS.index(self.ceiling) < TIERS.index(tier) or self.floor == tier:
            return self
        return replace(self, ceiling=lower, ceiling_reason=because)

    def bound(self, tier: str) -> tuple[str, tuple[str, ...]]:
        """Return the tier within floor and ceiling, and the reason if it had to be moved."""
        allowed = within(tier, self.floor, self.ceiling)
        if allowed == tier:
            return tier, ()
        if self.ceiling_reason and TIERS.index(tier) > TIERS.index(self.ceiling):
            return allowed, (self.ceiling_reason,)
        bound = "floor" if TIERS.index(tier) < TIERS.index(self.floor) else "ceiling"
        return allowed, (f"moved from {tier} to the tenant's {bound} {allowed}",)


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
                f"tenant {tenant}: tier_names: write a name of up to 128 letters, digits and _.:/-"
                " that starts with a letter and is none of the three tiers, or * for any other"
            )
    floor = _one_of(TIERS, data.get("floor", TIERS[0]), f"tenant {tenant}: floor")
    ceiling = _one_of(TIERS, data.get("ceiling", TIERS[-1]), f"tenant {tenant}: ceiling")
    if TIERS.index(floor) > TIERS.index(ceiling):
        raise InvalidRules(f"tenant {tenant}: the floor {floor} is above the ceiling {ceiling}")
    return Rules(
        floor=floor,
        ceiling=ceiling,
        pins=_pins(data["pins"], tenant) if data.get("pins") else (),
        deny_providers=frozenset(
            _one_of(tuple(PROVIDERS), name, f"tenant {tenant}: deny_providers")
            for name in data.get("deny_providers", ())
        ),
        tier_names={
            name: _one_of((*TIERS, AUTO), tier, f"tenant {tenant}: tier_names.{name}")
            for name, tier in names.items()
        },
        budget=_parsed(parse_limits, data.get("budget"), f"tenant {tenant}: budget"),
        rate=_parsed(parse_rate, data.get("rate"), f"tenant {tenant}: rate"),
        cache=_parsed(parse_cache, data.get("cache"), f"tenant {tenant}: cache"),
        prompt_cache=_switch(data.get("prompt_cache", False), f"tenant {tenant}: prompt_cache"),
    )


def _parsed(parse: Callable[[Mapping[str, Any]], Parsed], data: Any, where: str) -> Parsed | None:
    if not data:
        return None
    try:
        return parse(data)
    except ValueError as error:
        raise InvalidRules(f"{where}: {error}") from None


def _pins(data: Sequence[Mapping[str, Any]], tenant: str) -> tuple[Pin, ...]:
    # Few deployments pin: the others do not pay for the parser at every cold start.
    from router.config.pins import InvalidPins, parse_pins

    try:
        return parse_pins(data)
    except InvalidPins as error:
        raise InvalidRules(f"tenant {tenant}: {error}") from None


def _switch(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidRules(f"{where} must be true or false")
    return value


def _one_of(allowed: Sequence[str], value: Any, where: str) -> str:
    if value not in allowed:
        raise InvalidRules(f"{where} must be one of {', '.join(allowed)}")
    return str(value)


DEFAULT_SECONDS = 3600


_LONGEST_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class CacheRule:
    """A tenant's rule: how long an answer holds, and whether other tenants may get it."""

    ttl_seconds: int = DEFAULT_SECONDS
    shared: bool = False


def parse_cache(data: Mapping[str, Any]) -> CacheRule:
    """Parse a tenant's ``cache``; raise ``ValueError`` that explains what to write."""
    if unknown := set(data) - {"ttl_seconds", "shared"}:
        raise ValueError(f"unknown `{min(unknown)}`; known are ttl_seconds, shared")
    seconds, shared = data.get("ttl_seconds", DEFAULT_SECONDS), data.get("shared", False)
    if type(seconds) is not int or not 1 <= seconds <= _LONGEST_SECONDS:
        raise ValueError(f"write ttl_seconds as whole seconds from 1 to {_LONGEST_SECONDS}")
    if not isinstance(shared, bool):
        raise ValueError("write shared as true or false")
    return CacheRule(seconds, shared)
