"""Turns messages of a queue into executions: each once, none lost, none in the way of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from router.errors import Conflict, InvalidRequest, RequestError
from router.request import Request, parse_request, payload_hash
from router.starting import Busy, NotStarted, Run

LAST_TRY = 3
"""Receives after which SQS itself would move a message, without a reason: ``maxReceiveCount``."""

_LONGEST_DELAY = 900  # seconds; SQS delays a message no longer


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the consumer got it.

    ``received`` counts its deliveries under this message id. ``put_back`` counts the copies that a
    busy Step Functions has made of it; they carry ``request_id`` along, since a copy has another
    message id.
    """

    id: str
    body: str
    received: int = 1
    put_back: int = 0
    request_id: str | None = None

    @property
    def fallback_id(self) -> str:
        """The request id of a message that gives none; the same at each delivery."""
        return self.request_id or f"sqs-{self.id}"


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch; ``failed`` are the message ids that SQS shall deliver again."""

    started: tuple[str, ...]
    repeated: tuple[str, ...]
    put_back: tuple[str, ...]
    set_aside: Mapping[str, str]
    failed: Mapping[str, str]


class Executions(Protocol):
    def start(self, name: str, payload: str) -> Run | None: ...


class Queues(Protocol):
    """The queue and its dead-letter queue; both raise ``NotSent``."""

    def put_back(self, message: Message, delay_seconds: int) -> None: ...

    def set_aside(self, message: Message, reason: str, detail: str) -> None: ...


class NotSent(Exception):
    """SQS did not take a message; the one that was received stays where it is."""


def ingest(
    messages: Iterable[Message],
    executions: Executions,
    queues: Queues,
    *,
    input_bytes_limit: int,
    draw: Callable[[], float],
) -> Report:
    """Start an execution for each message.

    What can never start goes to the dead-letter queue at once, with its reason. What Step
    Functions cannot take now is put back as a copy, so that waiting does not count as a failed
    try. ``draw`` gives a number from 0 to 1, which spreads the copies over time.
    """
    started: list[str] = []
    repeated: list[str] = []
    put_back: list[str] = []
    set_aside: dict[str, str] = {}
    failed: dict[str, str] = {}
    for message in messages:
        try:
            try:
                is_new = _start(message, executions, input_bytes_limit)
                (started if is_new else repeated).append(message.id)
            except RequestError as error:
                reason = set_aside[message.id] = type(error).__name__
                queues.set_aside(message, reason, str(error))
            except Busy:
                queues.put_back(message, delay(message.put_back, draw()))
                put_back.append(message.id)
            except NotStarted as error:
                if message.received < LAST_TRY:
                    failed[message.id] = str(error)
                    continue
                set_aside[message.id] = str(error)
                queues.set_aside(message, str(error), "the set-up, not the message: then redrive")
        except NotSent as error:
            set_aside.pop(message.id, None)
            failed[message.id] = f"SQS: {error}"
    return Report(tuple(started), tuple(repeated), tuple(put_back), set_aside, failed)


def delay(put_back: int, drawn: float) -> int:
    """Return how many seconds a copy waits: up to 2, 4, 8, … 900, drawn from the whole range."""
    return 1 + int(drawn * (min(_LONGEST_DELAY, 2 ** min(put_back + 1, 10)) - 1))


def _start(message: Message, executions: Executions, input_bytes_limit: int) -> bool:
    request = _request(message, input_bytes_limit)
    earlier = executions.start(request.request_id, message.body)
    if earlier is None:
        return True
    if _hash_of(earlier.input) != request.payload_hash:
        raise Conflict(
            f"request_id {request.request_id} was used with another payload:"
            " give a new request_id, or leave it out"
        )
    return False


def _request(message: Message, input_bytes_limit: int) -> Request:
    try:
        payload = json.loads(message.body)
    except (ValueError, RecursionError):
        raise InvalidRequest('the message is not JSON; write {"input": "…"}') from None
    return parse_request(
        payload, execution_name=message.fallback_id, input_bytes_limit=input_bytes_limit
    )


def _hash_of(text: str) -> str | None:
    try:
        payload: Any = json.loads(text)
    except ValueError:
        return None
    return payload_hash(payload) if isinstance(payload, dict) else None
