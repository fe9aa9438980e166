"""What is measured of one side, and how its callers take turns."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

_APART_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer: seconds to its first token, and of these, seconds that AWS's stand-in took."""

    first_token: float
    waited: float = 0.0


class Side(Protocol):
    """A way to a streamed answer. ``ask`` raises if it is not answered to its end."""

    name: str

    def ask(self, caller: int, prompt: str) -> Answered: ...

    def pids(self) -> Sequence[int]: ...


def ask_all(side: Side, callers: int, prompts: Sequence[str]) -> list[Answered]:
    """Let so many callers at a time ask the prompts; each asks its next when it has an answer."""
    shares = [prompts[caller::callers] for caller in range(callers)]

    def asked(caller: int) -> list[Answered]:
        # They start apart, as callers do: together they would wait for one another for ever.
        time.sleep(caller * _APART_SECONDS)
        return [side.ask(caller, prompt) for prompt in shares[caller]]

    with ThreadPoolExecutor(callers) as pool:
        return [answer for answers in pool.map(asked, range(callers)) for answer in answers]
