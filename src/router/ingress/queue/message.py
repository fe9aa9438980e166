"""Messages of the queue, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the consumer got it.

    ``received`` counts its deliveries under this message id. ``put_back`` counts the copies that
    were made of it; a copy has another message id, so its body names the request's. ``watches`` is
    the turn of the execution that was started for it, of a tenant that may be refused for its rate:
    the copy stays until that run has ended. Any sender may set both: they delay a
    message, and point to executions of its own request alone.
    """

    id: str
    body: str
    received: int = 1
    put_back: int = 0
    watches: int | None = None

    @property
    def fallback_id(self) -> str:
        """The request id of a message that gives none; the same at each delivery."""
        return f"sqs-{self.id}"


@dataclass(slots=True)
class Report:
    """What became of a batch; ``failed`` are the message ids that SQS shall deliver again.

    ``put_back`` are those that Step Functions was too busy for, ``held`` those that wait for their
    tenant's rate.
    """

    started: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    set_aside: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


class Queues(Protocol):
    """The queue and its dead-letter queue; both raise ``NotSent``."""

    def requeue(self, message: Message, delay_seconds: int) -> None: ...

    def dead_letter(self, message: Message, reason: str, detail: str) -> None: ...


class NotSent(Exception):
    """SQS did not accept a message; the received one stays in the queue."""
