"""The items of the ``control`` table that one process remembers between requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from router.acceptance.shard_memory import ShardMemory
from router.guards.conditional_update import Item

KEPT_SECONDS = 5
# While the table does not answer, what was read holds for so long.
_TRUSTED_SECONDS = 60


@dataclass(slots=True)
class Memory:
    """Items that change seldom and hold for all requests, kept in the process for seconds."""

    items: dict[str, Item] = field(default_factory=dict)
    shards: ShardMemory = field(default_factory=ShardMemory)
    read_at: datetime | None = None
    failed_at: datetime | None = None

    def is_fresh(self, at: datetime) -> bool:
        """Return whether the items need not be read again.

        While a table is down, not every request reads it, as long as its last items are known.
        """
        return any(
            moment is not None and at - moment < timedelta(seconds=KEPT_SECONDS)
            for moment in (self.read_at, self.failed_at if self.is_known(at) else None)
        )

    def is_known(self, at: datetime) -> bool:
        """Return whether limits that were set at run time are known well enough to go by."""
        return self.read_at is not None and at - self.read_at < timedelta(seconds=_TRUSTED_SECONDS)

    def learn(self, items: Mapping[str, Item]) -> None:
        """Replace remembered items with the newer ones that blocked a request."""
        self.items |= {key: item for key, item in items.items() if key in self.items}

    def keep(self, keys: Collection[str], items: Mapping[str, Item], at: datetime) -> None:
        """Put what was read under ``keys`` in the place of what was kept."""
        self.items = {key: items[key] for key in keys if key in items}
        self.read_at = at
