"""Spreads a budget that many requests write at once over shards. Pure.

DynamoDB cancels a transaction that meets another one on the same item, so one item takes some 30
requests a second. A budget is that one item, its *root*, until requests meet there. From then on
the root lends to shards, each an equal part, and requests reserve in shards.

What is lent is committed at the root, which the limit bounds; what is committed in a shard is at
most its part. So the sum never passes the limit, though no request sees all items. A loan is one
write of the root: nothing is under way that a process could lose, and no shard belongs to anybody.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal

from cost_calculator.budget_names import BUDGET_SHARDS, shard_key
from router.guards.budgets import Budget, committed_usd
from router.guards.conditional_update import ConditionalUpdate, Item

_ZERO = Decimal(0)
# The root lends this share of what it has left, but at least so many requests to each shard: the
# last ones are served from the root itself.
_LENT_SHARE = Decimal("0.5")
_LEAST_LENT = 1
# So little is left of a spread budget when requests that meet too often are refused instead of
# retried: this share of its limit, or as many requests as it has shards.
_SCARCE_SHARE = Decimal("0.02")
# Beyond so many shards without room the root lends again: requests must not crowd into the rest.
_MOST_POOR = BUDGET_SHARDS // 2
# The givers of all budgets of a request; its rows and other guards fit into 100 actions as well.
_MOST_GIVERS = 80
_GATHERED_FROM = 16
_MOST_OWNERS = 10_000
_STEP = Decimal("1E-8")


@dataclass(slots=True)
class Places:
    """The shard in which this process reserves, by the budgets' owner; lives as long as the
    process. An owner without one is served from the roots.
    """

    shards: dict[str, int] = field(default_factory=dict)

    def leave(self, owner: str) -> None:
        """Go to another shard: somebody else writes where the process wrote."""
        if len(self.shards) > _MOST_OWNERS:
            self.shards.clear()
        self.shards[owner] = random.randrange(BUDGET_SHARDS)


@dataclass(frozen=True, slots=True)
class Holding:
    """One budget with what is known of its items; ``need`` is what a request adds to it.

    ``usd`` of it is reserved; the two differ by what an earlier run of the request charged.
    """

    budget: Budget
    items: Mapping[str, Item]
    usd: Decimal = _ZERO
    need: Decimal = _ZERO
    most_givers: int = BUDGET_SHARDS

    @property
    def root(self) -> Item:
        return self.items.get(self.budget.key, {})

    @property
    def is_spread(self) -> bool:
        return "lent_usd" in self.root

    @property
    def room(self) -> Decimal:
        """What the root has left; below 0, only what shards give back to it may be spent."""
        return self.budget.limit_usd - committed_usd(self.root)

    @property
    def part(self) -> Decimal:
        """What each shard was lent."""
        return Decimal(self.root.get("lent_usd", 0)) / BUDGET_SHARDS

    def left_in(self, number: int) -> Decimal:
        """Return what a shard has left; one of which nothing is known may have its part."""
        return self.part - committed_usd(self.items.get(self.key_of(number), {}))

    def key_of(self, number: int) -> str:
        return shard_key(self.budget.name, number)

    def shard_keys(self) -> list[str]:
        """Return the keys of the shards, if there are any."""
        return [self.key_of(number) for number in range(BUDGET_SHARDS)] if self.is_spread else []

    def rich(self) -> frozenset[int]:
        """Return the shards that have room for the request."""
        if not self.is_spread or self.room < 0:
            return frozenset()
        return frozenset(n for n in range(BUDGET_SHARDS) if self.left_in(n) >= self.need)

    def total(self) -> Item:
        """Return what is committed and reserved in all items, as far as they are known."""
        items = [self.root, *(self.items.get(key, {}) for key in self.shard_keys())]
        sums = {
            name: sum((Decimal(item.get(name, 0)) for item in items), _ZERO)
            for name in ("committed_usd", "reserved_usd")
        }
        return sums | {"committed_usd": sums["committed_usd"] - self.part * BUDGET_SHARDS}

    def has_room(self) -> bool:
        """Return whether the request fits, wherever what is left may be."""
        return self.room + sum(self._givers(self.need).values(), _ZERO) >= self.need

    def is_scarce(self) -> bool:
        """Return whether so little is left that requests which meet all the time get none of it."""
        left = self.budget.limit_usd - committed_usd(self.total())
        scarce = max(self.budget.limit_usd * _SCARCE_SHARE, BUDGET_SHARDS * self.need)
        return self.is_spread and left < scarce

    def loan(self) -> ConditionalUpdate | None:
        """Return the root's update that lends to all shards, if it should and can."""
        if len(self.rich()) >= BUDGET_SHARDS - _MOST_POOR:
            return self._new_limit()
        part = max(self.room * _LENT_SHARE / BUDGET_SHARDS, _LEAST_LENT * max(self.need, self.usd))
        # Rounded, so that the parts add up to what was lent to the last digit.
        part = part.quantize(_STEP, ROUND_DOWN)
        limit, lent = self.budget.limit_usd, part * BUDGET_SHARDS
        if not 0 < lent <= self.room:
            return None
        # Of all processes that want it one lends.
        before = self.root.get("lent_usd")
        same = "lent_usd = :before" if before is not None else "attribute_not_exists(lent_usd)"
        values = {":limit": limit, ":lent": lent, ":most": limit - lent}
        return ConditionalUpdate(
            self.budget.key,
            "SET limit_usd = :limit ADD committed_usd :lent, lent_usd :lent",
            f"{same} AND ({_at_most(limit - lent)})",
            values | ({":before": before} if before is not None else {}),
        )

    def _new_limit(self) -> ConditionalUpdate | None:
        # Those who show a budget read its limit from the root, which shards leave alone.
        limit = self.budget.limit_usd
        if self.root.get("limit_usd") == limit:
            return None
        values = {":limit": limit, ":lent": _ZERO}
        return ConditionalUpdate(
            self.budget.key,
            "SET limit_usd = :limit ADD lent_usd :lent",
            "attribute_exists(lent_usd)",
            values,
        )

    def reservation(self, place: int | None) -> list[ConditionalUpdate]:
        """Return the updates that reserve in a shard or in the root, if need be with what other
        shards have left."""
        if place is not None and place in self.rich():
            return [self._reserve(self.key_of(place), self.part)]
        if self.room >= self.need:
            return [self._reserve(self.budget.key, self.budget.limit_usd)]
        if place is not None and self.room >= 0:
            givers = self._givers(self.need - self.left_in(place), place)
            if self.left_in(place) + sum(givers.values(), _ZERO) >= self.need:
                return self._gathered(self.key_of(place), self.part, givers)
        givers = self._givers(self.need - self.room)
        if self.room + sum(givers.values(), _ZERO) < self.need:
            givers = {}
        return self._gathered(self.budget.key, self.budget.limit_usd, givers)

    def _givers(self, missing: Decimal, taker: int | None = None) -> dict[int, Decimal]:
        """Return what which shards must give to the root, or to another shard."""
        if not self.is_spread:
            return {}
        left = {n: self.left_in(n) for n in range(BUDGET_SHARDS) if n != taker}
        fullest = sorted((n for n in left if left[n] > 0), key=lambda n: -left[n])
        if taker is not None:
            # From any of the fuller ones, so that those who gather seldom meet.
            first, rest = fullest[:_GATHERED_FROM], fullest[_GATHERED_FROM:]
            fullest = [*random.sample(first, len(first)), *rest]
        givers = dict[int, Decimal]()
        for number in fullest[: self.most_givers]:
            if missing <= 0:
                break
            givers[number] = left[number]
            missing -= left[number]
        return givers

    def _gathered(
        self, key: str, limit: Decimal, givers: Mapping[int, Decimal]
    ) -> list[ConditionalUpdate]:
        back = sum(givers.values(), _ZERO)
        gifts = (self._give(number, usd) for number, usd in givers.items())
        return [self._reserve(key, limit, back), *gifts]

    def _reserve(self, key: str, limit: Decimal, back: Decimal = _ZERO) -> ConditionalUpdate:
        committed = self.need - back
        most = limit - committed
        values = {":committed": committed, ":usd": self.usd, ":most": most}
        update = "ADD committed_usd :committed, reserved_usd :usd"
        if key == self.budget.key:
            update, values[":limit"] = f"SET limit_usd = :limit {update}", limit
        return ConditionalUpdate(key, update, _at_most(most), values)

    def _give(self, number: int, usd: Decimal) -> ConditionalUpdate:
        most = self.part - usd
        return ConditionalUpdate(
            self.key_of(number), "ADD committed_usd :committed", _at_most(most),
            {":committed": usd, ":most": most},
        )  # fmt: skip


def _at_most(most: Decimal) -> str:
    # An item that does not exist has nothing committed.
    return ("attribute_not_exists(committed_usd) OR " if most >= 0 else "") + (
        "committed_usd <= :most"
    )


def holdings_of(
    budgets: Sequence[Budget],
    items: Mapping[str, Item],
    usd: Decimal = _ZERO,
    given_back: Mapping[str, Decimal] | None = None,
) -> list[Holding]:
    """Return each budget with its items and what a request of ``usd`` adds to it.

    ``given_back``, by a budget's name, was committed for the same request before, and no longer is.
    """
    back, givers = given_back or {}, _MOST_GIVERS // max(1, len(budgets))
    return [Holding(b, items, usd, usd - back.get(b.name, _ZERO), givers) for b in budgets]


def settled_in(holdings: Sequence[Holding], places: Places) -> None:
    """Give the process a shard for each owner of a spread budget, one that has room."""
    for owner in dict.fromkeys(one.budget.owner for one in holdings if one.is_spread):
        spread = [one for one in holdings if one.budget.owner == owner and one.is_spread]
        rich = frozenset.intersection(*(one.rich() for one in spread))
        if owner not in places.shards:
            places.leave(owner)
        if rich and places.shards[owner] not in rich:
            places.shards[owner] = random.choice(sorted(rich))


def reservations(holdings: Sequence[Holding], places: Places) -> list[ConditionalUpdate]:
    """Return the updates that reserve in each budget."""
    settled_in(holdings, places)
    return [
        update
        for one in holdings
        for update in one.reservation(places.shards.get(one.budget.owner))
    ]


def loans(holdings: Sequence[Holding], owners: frozenset[str]) -> list[ConditionalUpdate]:
    """Return the loans that are needed, as far as the roots have room: of the budgets that are
    spread, and of those of ``owners``, which are to be.
    """
    wanted = (one for one in holdings if one.is_spread or one.budget.owner in owners)
    return [loan for one in wanted if (loan := one.loan())]
