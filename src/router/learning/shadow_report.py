"""Where the shadow disagrees with what was decided, and what its models would have cost. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from cost_calculator.pricing import plain
from cost_calculator.rates import Rates
from router.learning.seen import Seen

_NONE = "refused"


@dataclass(slots=True)
class Move:
    """Requests that one strategy sends to one tier and the shadow to another.

    ``usd`` and ``shadow_usd`` are of the requests of which both are known.
    """

    requests: int = 0
    known: int = 0
    usd: Decimal = Decimal(0)
    shadow_usd: Decimal = Decimal(0)
    good: int = 0
    judged: int = 0

    def add(self, seen: Seen, shadow_usd: Decimal | None) -> None:
        """Count one request."""
        self.requests += 1
        served = seen.served
        paid = Decimal(served["cost_usd"]) if served and "cost_usd" in served else None
        if paid is not None and shadow_usd is not None:
            self.known += 1
            self.usd += paid
            self.shadow_usd += shadow_usd
        if verdict := seen.request.get("feedback"):
            self.judged += 1
            self.good += verdict == "good"


@dataclass(slots=True)
class Shadow:
    """What one shadow decided. ``moves`` are by (tier and model in force, tier and model of the
    shadow), those on which both agree too; ``asks`` counts LLMs that it would have asked.
    """

    by: str
    moves: dict[tuple[str, str], Move] = field(default_factory=dict)
    asks: int = 0
    unasked: int = 0
    unasked_usd: Decimal = Decimal(0)
    refused: int = 0
    open: int = 0

    @property
    def others(self) -> Mapping[tuple[str, str], Move]:
        """The moves on which it disagrees, the most frequent first."""
        found = ((pair, move) for pair, move in self.moves.items() if pair[0] != pair[1])
        return dict(sorted(found, key=lambda each: -each[1].requests))

    @property
    def requests(self) -> int:
        return sum(move.requests for move in self.moves.values()) + self.refused


def shadows(requests: Iterable[Seen], rates: Rates) -> list[Shadow]:
    """Return what each shadow decided, by its name; requests that still run are counted apart."""
    found: dict[str, Shadow] = {}
    moves: dict[str, dict[tuple[str, str], Move]] = defaultdict(dict)
    for seen in requests:
        if not (decided := seen.request.get("shadow")):
            continue
        shadow = found.setdefault(decided["by"], Shadow(decided["by"]))
        if _NONE in decided:
            shadow.refused += 1
            continue
        if "ended_at" not in seen.request:
            shadow.open += 1
            continue
        if decided.get("asks"):
            shadow.asks += 1
        elif opinion := seen.opinion:
            shadow.unasked += 1
            shadow.unasked_usd += Decimal(opinion.get("cost_usd", 0))
        pair = (
            f"{seen.request['route']} {seen.request['planned_model']}",
            f"{decided['route']} {decided['model']}",
        )
        move = moves[shadow.by].setdefault(pair, Move())
        usd = seen.usd_on(
            decided["provider"], decided["model"], decided.get("mode", "standard"), rates
        )
        move.add(seen, usd)
    for by, shadow in found.items():
        shadow.moves = moves[by]
    return sorted(found.values(), key=lambda shadow: -shadow.requests)


def in_words(shadow: Shadow) -> list[str]:
    """Return the report on one shadow as lines."""
    others = shadow.others
    differing = sum(move.requests for move in others.values())
    share = f" ({differing / shadow.requests:.1%})" if shadow.requests else ""
    lines = [
        f"shadow: {shadow.by}",
        f"  {shadow.requests} requests, {differing} decided otherwise{share}",
    ]
    for (here, there), move in others.items():
        lines.append(f"  {move.requests} x {here} -> {there}: {_money(move)}{_verdicts(move)}")
    if others:
        lines.append(f"  together: {_money(_sum(list(others.values())))}")
    if shadow.asks:
        lines.append(
            f"  {shadow.asks} x it would have asked an LLM: its cost, and where its opinion leads,"
            " are unknown"
        )
    if shadow.unasked:
        lines.append(
            f"  {shadow.unasked} opinions of an LLM that it needs not: ${shadow.unasked_usd:.6f}"
        )
    if shadow.refused:
        lines.append(f"  {shadow.refused} x it leaves no model that may serve, and would refuse")
    if shadow.open:
        lines.append(f"  {shadow.open} still run, and are not counted")
    return lines


def as_json(shadow: Shadow) -> dict[str, Any]:
    """Return the same; money as decimal strings."""
    return {
        "by": shadow.by,
        "requests": shadow.requests,
        "asks": shadow.asks,
        "opinions_not_needed": shadow.unasked,
        "their_cost_usd": plain(shadow.unasked_usd),
        "refused": shadow.refused,
        "running": shadow.open,
        "disagreements": [
            {
                "in_force": here,
                "shadow": there,
                "requests": move.requests,
                "unknown_cost": move.requests - move.known,
                "cost_usd": plain(move.usd),
                "shadow_cost_usd": plain(move.shadow_usd),
                "good": move.good,
                "judged": move.judged,
            }
            for (here, there), move in shadow.others.items()
        ],
    }


def _sum(moves: Sequence[Move]) -> Move:
    total = Counter[str]()
    money = {"usd": Decimal(0), "shadow_usd": Decimal(0)}
    for move in moves:
        total.update(requests=move.requests, known=move.known)
        money["usd"] += move.usd
        money["shadow_usd"] += move.shadow_usd
    return Move(total["requests"], total["known"], money["usd"], money["shadow_usd"])


def _money(move: Move) -> str:
    unknown = move.requests - move.known
    if not move.known:
        return "cost unknown"
    saved = move.usd - move.shadow_usd
    words = f"saves ${saved:.6f}" if saved >= 0 else f"costs ${-saved:.6f} more"
    rest = f" (unknown for {unknown})" if unknown else ""
    return f"${move.usd:.6f} -> ${move.shadow_usd:.6f}, {words}{rest}"


def _verdicts(move: Move) -> str:
    return f"; {move.good} of {move.judged} rated answers are good" if move.judged else ""
