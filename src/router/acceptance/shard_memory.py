"""What one process remembers of budgets that are spread over shards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from router.guards.budget_shards import Holding, Places
from router.guards.conditional_update import Item

_MOST_BUDGETS = 100


@dataclass(slots=True)
class ShardMemory:
    """The process's own places, and all shards of a budget as they were read some seconds ago.

    They only tell where there may be room and how much is used: conditions decide.
    """

    places: Places = field(default_factory=Places)
    read: dict[str, tuple[datetime, Mapping[str, Item]]] = field(default_factory=dict)

    def own_keys(self, holdings: Iterable[Holding]) -> set[str]:
        """Return the keys of the shards in which the process reserves."""
        places = self.places.shards
        return {
            one.key_of(places[one.budget.owner]) for one in holdings if one.budget.owner in places
        }

    def known(self, holdings: Iterable[Holding]) -> dict[str, Item]:
        """Return the shards that were read, by key."""
        names = [one.budget.name for one in holdings]
        return {k: item for n in names if n in self.read for k, item in self.read[n][1].items()}

    def unread(self, holdings: Iterable[Holding], since: datetime) -> list[Holding]:
        """Return the spread budgets whose shards were not read after ``since``."""
        return [
            one
            for one in holdings
            if one.is_spread
            and (one.budget.name not in self.read or self.read[one.budget.name][0] <= since)
        ]

    def keep(self, holdings: Iterable[Holding], items: Mapping[str, Item], at: datetime) -> None:
        """Remember the shards of these budgets."""
        if len(self.read) > _MOST_BUDGETS:  # those of earlier periods
            self.read.clear()
        for one in holdings:
            shards = {key: items[key] for key in one.shard_keys() if key in items}
            self.read[one.budget.name] = at, shards
