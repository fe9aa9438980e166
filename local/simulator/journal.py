"""The log of every call on the wire, for tests to read; it never holds a key or a prompt."""

import hashlib
import itertools
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Call:
    """One call; `status` and `ended_at` stay None while it is under way, or when it was dropped.

    `events` are those of a stream that left. `read_to_end` is whether the caller took all of it,
    None until that is known, and for a stream that was cut off here. A caller that leaves earlier
    is billed in full: `usage` is that of the whole answer.
    """

    number: int
    method: str
    path: str
    provider: str
    started_at: float
    model: str | None = None
    key: str | None = None
    prompt_hash: str | None = None
    status: int | None = None
    usage: dict[str, Any] | None = None
    ended_at: float | None = None
    stream: bool = False
    events: int | None = None
    read_to_end: bool | None = None


class Journal:
    """All calls since the last `clear`; safe to use from several threads."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def begin(self, method: str, path: str, provider: str) -> Call:
        """Enter a call as it arrives, so that one whose answer never goes out counts too."""
        with self._lock:
            call = Call(next(self._numbers), method, path, provider, time.time())
            self._calls.append(call)
            return call

    def all(self) -> list[dict[str, Any]]:
        """The calls, oldest first."""
        with self._lock:
            return [asdict(call) for call in self._calls]

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()


def fingerprint(text: str) -> str:
    """A short name for a text that does not give it away."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
