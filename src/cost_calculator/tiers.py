"""The three tiers in order, and what a step on that ladder is."""

from __future__ import annotations

TIERS = ("SIMPLE", "CALCULATION", "COMPLEX")


def within(tier: str, floor: str, ceiling: str) -> str:
    """Return the tier between ``floor`` and ``ceiling`` that is nearest to ``tier``."""
    rank = min(max(TIERS.index(tier), TIERS.index(floor)), TIERS.index(ceiling))
    return TIERS[rank]


def one_step(tier: str, towards: str) -> str:
    """Return ``tier`` moved by one step towards another tier."""
    here, there = TIERS.index(tier), TIERS.index(towards)
    return TIERS[here + (there > here) - (there < here)]


def neighbours(tier: str) -> tuple[str, ...]:
    """Return the tiers one step below and above, if there are any."""
    here = TIERS.index(tier)
    return tuple(TIERS[rank] for rank in (here - 1, here + 1) if 0 <= rank < len(TIERS))
