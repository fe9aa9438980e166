"""How long a task may take: in all, and without a sign of life."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import stepfunctions

_LOOK_SECONDS = 0.5
"""How soon a wait sees that its run has ended."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A task's limits in seconds; None means no limit."""

    timeout: float | None = None
    heartbeat: float | None = None

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> "Limits":
        """Read the constants of a state."""
        return cls(state.get("TimeoutSeconds"), state.get("HeartbeatSeconds"))

    def remaining(self, elapsed: float, last_beat: float) -> float:
        """Seconds until the next look; raises what is over its limit."""
        left = _LOOK_SECONDS
        if self.timeout is not None:
            left = min(left, self.timeout - elapsed)
            if left <= 0:
                raise stepfunctions._ExecutionError(
                    "States.Timeout", f"Task timed out after {self.timeout} seconds"
                )
        if self.heartbeat is not None:
            left = min(left, last_beat + self.heartbeat - elapsed)
            if left <= 0:
                raise stepfunctions._ExecutionError(
                    "States.HeartbeatTimeout", f"No heartbeat for {self.heartbeat} seconds"
                )
        return left


def wait(
    ended: Callable[[float], bool],
    elapsed: Callable[[], float],
    limits: Limits,
    *,
    last_beat: Callable[[], float],
    is_open: Callable[[], bool],
) -> None:
    """Wait until the task or its run has ended; raise when a limit is over first."""
    while is_open() and not ended(limits.remaining(elapsed(), last_beat())):
        pass
