"""DynamoDB's rule of conflicts in simulated time: what two writers of one item do to each other.

While an item is in a transaction, another transaction with that item is cancelled, and so is a
plain write of it. A cancelled transaction has held those of its items that were free until it ends.
Plain writes of an item wait for each other and do not conflict.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Collection, Generator, Hashable
from itertools import count

Actor = Generator[float, None, None]
Steps = Generator[float, None, frozenset[Hashable]]


class World:
    """Actors that take turns in simulated time: each yields the seconds until its next turn."""

    def __init__(self, seed: int = 0) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self._turns: list[tuple[float, int, Actor]] = []
        self._numbers = count()
        self._held_until: dict[Hashable, float] = {}
        self._written_until: dict[Hashable, float] = {}

    def start(self, actor: Actor, at: float | None = None) -> None:
        """Let an actor have its first turn."""
        time = self.now if at is None else at
        heapq.heappush(self._turns, (time, next(self._numbers), actor))

    def run(self, seconds: float) -> None:
        """Give the actors their turns for so long."""
        while self._turns and self._turns[0][0] <= seconds:
            self.now, _, actor = heapq.heappop(self._turns)
            pause = next(actor, None)
            if pause is not None:
                self.start(actor, self.now + pause)
        self.now = seconds

    def transact(
        self,
        items: Collection[Hashable],
        seconds: float,
        refused: Callable[[], bool] = lambda: False,
    ) -> Steps:
        """Write items together; return those that were in another transaction, if any.

        ``refused`` is asked once no item is in the way; it writes, or returns that a condition does
        not hold, and then the items are held as long.
        """
        met = frozenset(item for item in items if self._held_until.get(item, 0) > self.now)
        for item in items:
            if item not in met:
                self._held_until[item] = self.now + seconds
        if not met:
            refused()
        yield seconds
        return met

    def write(self, item: Hashable, seconds: float, tail: float) -> Steps:
        """Write one item by itself: after the writes before it, and not during a transaction."""
        if self._held_until.get(item, 0) > self.now:
            yield seconds
            return frozenset({item})
        start = max(self.now, self._written_until.get(item, 0))
        self._written_until[item] = start + tail
        yield start + seconds - self.now
        return frozenset()

    def wait(self, earlier_tries: int, first: float = 0.05, longest: float = 2.0) -> float:
        """Return the seconds before the next try, exponential with full jitter."""
        return self.random.uniform(0, min(longest, first * 2**earlier_tries))
