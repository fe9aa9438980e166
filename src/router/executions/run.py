"""A run of the state machine as entry points see it, and why one did not start."""

from __future__ import annotations

from dataclasses import dataclass


class Busy(Exception):
    """Step Functions cannot take the request now; nothing is wrong with it."""


class NotStarted(Exception):
    """The set-up is wrong: rights, key or machine; the message is AWS's word for it."""


class NoSuchRun(NotStarted):
    """No run has the name, or none that AWS shows yet: what it describes may be behind a start."""


@dataclass(frozen=True, slots=True)
class Run:
    """An execution that has the name already: its status, its input, and why it failed."""

    status: str
    input: str
    error: str | None = None
    cause: str | None = None
    output: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has ended; a run that is about to be redriven has not."""
        return self.has_failed or self.status == "SUCCEEDED"

    @property
    def has_failed(self) -> bool:
        """Whether it is over without an outcome."""
        return self.status in ("FAILED", "TIMED_OUT", "ABORTED")
