"""Sends prompts with so many clients at a time, and says how long each took."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """One door under one load; ``seconds`` holds a figure for each answered request."""

    door: str
    clients: int
    seconds: tuple[float, ...]
    elapsed: float
    failed: tuple[str, ...]

    @property
    def per_second(self) -> float:
        return len(self.seconds) / self.elapsed

    @property
    def p50(self) -> float | None:
        return statistics.median(self.seconds) if self.seconds else None

    @property
    def p95(self) -> float | None:
        return percentile(self.seconds, 0.95) if self.seconds else None


def measure(
    door: str, ask: Callable[[str], None], clients: int, prompts: Sequence[str]
) -> Measured:
    """Send each prompt once; a failure is told and is no figure."""

    def timed(prompt: str) -> float | str:
        began = time.perf_counter()
        try:
            ask(prompt)
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:300]
        return time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        took = list(pool.map(timed, prompts))
    elapsed = time.perf_counter() - began
    return Measured(
        door,
        clients,
        tuple(each for each in took if isinstance(each, float)),
        elapsed,
        tuple(each for each in took if isinstance(each, str)),
    )


def percentile(figures: Sequence[float], share: float) -> float:
    """Return the smallest figure that so large a share does not exceed (nearest rank)."""
    ordered = sorted(figures)
    return ordered[max(0, -(-round(share * 1000) * len(ordered) // 1000) - 1)]
