"""What the calls of an agent cost one after the other, with a prompt cache and without. Pure.

Each call sends all that was sent before and a little more. What a provider has kept is read at a
tenth of the price; what it is asked to keep costs a quarter more, unless it keeps by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from cost_calculator.pricing import price
from cost_calculator.usage import Tokens


class Asked(Protocol):
    """The model that makes the calls, and the mode in which they are priced."""

    @property
    def provider(self) -> str: ...
    @property
    def model(self) -> str: ...
    @property
    def mode(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Loop:
    """So many ``calls``: the first sends ``prompt`` tokens, each later one ``growth`` more.

    Each is answered with ``answer`` tokens.
    """

    prompt: int
    growth: int
    answer: int
    calls: int


@dataclass(frozen=True, slots=True)
class Cache:
    """What a provider keeps: ``kept`` tokens before the first call, all that is sent from the call
    ``since`` on (from 0; ``None``: nothing). It is ``paid`` for where it takes marks."""

    kept: int = 0
    since: int | None = None
    paid: bool = True


NO_CACHE = Cache()


def loop_usd(
    loop: Loop, model: Asked, cache: Cache, at: datetime, region: str = ""
) -> Decimal | None:
    """Return what the calls of a loop cost, ``None`` if a price is not known."""
    total, prompt, kept = Decimal(0), loop.prompt, min(cache.kept, loop.prompt)
    for number in range(loop.calls):
        keeps = cache.since is not None and number >= cache.since
        fresh, written = prompt - kept, prompt - kept if keeps and cache.paid else 0
        tokens = Tokens(
            input=fresh - written, output=loop.answer, cache_read=kept, cache_write_5m=written
        )
        usd = price(tokens, model.provider, model.model, at, model.mode, region=region).usd
        if usd is None:
            return None
        total += usd
        kept = prompt if keeps else kept
        prompt += loop.growth
    return total
