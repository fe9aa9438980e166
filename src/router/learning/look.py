"""Looks at the requests that were drawn for a second answer, and moves each of them on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from cost_calculator.rows import SHARDS, Row, in_turn
from router.learning.duplicates import Duplicate, End, Send
from router.recording.duplicate_row import DUPLICATE


class Store(Protocol):
    """What a look needs of the tables; see ``DuplicateStore``."""

    def queued(self, queue: str, before: str) -> Iterable[Row]: ...

    def rows_of(self, key: str) -> dict[str, Row]: ...

    def text_of(self, rows: Mapping[str, Row]) -> str | None: ...

    def go_on(self, row: Row, changes: Mapping[str, Any], again_at: datetime) -> bool: ...

    def end(self, row: Row, changes: Mapping[str, Any]) -> None: ...


def look_at_all(
    store: Store,
    send: Callable[[Mapping[str, Any]], None],
    before: str,
    clock: Callable[[], datetime],
    *,
    input_bytes: int,
    judge: str,
    has_time: Callable[[], bool],
) -> Counter[str]:
    """Move on every request whose time has come; return how many ended how, were sent, or wait."""
    done: Counter[str] = Counter()
    queues = (store.queued(f"{DUPLICATE}#{shard}", before) for shard in range(SHARDS))
    for row in in_turn(queues):
        if not has_time():
            break
        rows = store.rows_of(row["request_id"])
        if "REQUEST" not in rows or DUPLICATE not in rows:
            continue
        sent = {key: store.rows_of(key) for key in rows[DUPLICATE]["steps"]}
        drawn = Duplicate(rows, sent, store.text_of, input_bytes, judge)
        at = clock()
        move = drawn.move(at)
        if isinstance(move, End):
            store.end(drawn.row, move.changes)
            done[str(move.changes["outcome"])] += 1
            continue
        changes = move.changes if isinstance(move, Send) else {}
        # The row lists what is sent before it is sent: that is how it is known as ours.
        if not store.go_on(drawn.row, changes, at + move.after):
            continue
        for request in move.requests if isinstance(move, Send) else ():
            send(request)
        done["sent" if isinstance(move, Send) else "waiting"] += 1
    return done
