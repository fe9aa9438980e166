"""Turns messages of a queue into executions: each once, none lost, none in the way of others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from router.errors import (
    BudgetExceeded,
    Conflict,
    InvalidRequest,
    PolicyDenied,
    RateLimited,
    RequestError,
)
from router.executions.run import Busy, NotStarted, Run
from router.ingress.queue.backpressure import Backpressure
from router.ingress.queue.message import Message, NotSent, Queues, Report
from router.intake.request import Request, parse_request, payload_hash_of

LAST_TRY = 3
"""Receives after which SQS itself would move a message, without a reason: ``maxReceiveCount``."""

_LONGEST_DELAY = 900  # seconds; SQS delays a message no longer
_LONGEST_NAME = 80  # of an execution
# How a run ends that accepted nothing: its id is as good as unused.
_REFUSED = frozenset(kind.__name__ for kind in (RateLimited, BudgetExceeded, PolicyDenied))


class Executions(Protocol):
    def start(self, name: str, payload: str) -> Run | None: ...

    def describe(self, name: str) -> Run: ...


def ingest(
    messages: Iterable[Message],
    executions: Executions,
    queues: Queues,
    backpressure: Backpressure,
    *,
    input_bytes_limit: int,
    is_express: bool,
    draw: Callable[[], float],
) -> Report:
    """Start an execution for each message.

    What can never start goes to the dead-letter queue at once, with its reason. What Step
    Functions cannot take now, or the tenant's rate has no room for, is put back as a copy, so that
    waiting does not count as a failed try. ``draw`` gives a number from 0 to 1, which spreads the
    copies over time.
    """
    report = Report()
    for message in messages:
        try:
            try:
                request = _request(message, input_bytes_limit)
                began = _begin(message, request, executions, backpressure, is_express)
                if began.copy:
                    seconds = max(delay(message.put_back, draw()), began.seconds)
                    queues.requeue(began.copy, min(seconds, _LONGEST_DELAY))
                getattr(report, began.what).append(message.id)
            except RequestError as error:
                reason = report.set_aside[message.id] = type(error).__name__
                queues.dead_letter(message, reason, str(error))
            except Busy:
                queues.requeue(message, delay(message.put_back, draw()))
                report.put_back.append(message.id)
            except NotStarted as error:
                if message.received < LAST_TRY:
                    report.failed[message.id] = str(error)
                    continue
                report.set_aside[message.id] = str(error)
                queues.dead_letter(message, str(error), "the set-up, not the message: then redrive")
        except NotSent as error:
            report.set_aside.pop(message.id, None)
            report.failed[message.id] = f"SQS: {error}"
    return report


def delay(put_back: int, drawn: float) -> int:
    """Return how many seconds a copy waits: up to 2, 4, 8, … 900, drawn from the whole range."""
    return 1 + int(drawn * (min(_LONGEST_DELAY, 2 ** min(put_back + 1, 10)) - 1))


@dataclass(frozen=True, slots=True)
class _Began:
    """What became of a message, by the report's name for it, and the copy to put back."""

    what: str
    copy: Message | None = None
    seconds: int = 0


def _begin(
    message: Message,
    request: Request,
    executions: Executions,
    backpressure: Backpressure,
    is_express: bool,
) -> _Began:
    if message.runs_as:
        run = executions.describe(message.runs_as)
        if run.status == "RUNNING":
            return _Began("held", message)
        if run.error != RateLimited.__name__:
            return _Began("repeated")
    if seconds := backpressure.wait(request):
        return _Began("held", message, seconds)
    name, earlier = _start(message, request, executions)
    what = "repeated" if earlier else "started"
    # What may still be refused for its rate is looked at again: until then its work is not done.
    is_open = earlier is None or earlier.status == "RUNNING"
    # An Express run cannot be looked at.
    if is_open and backpressure.is_limited(request.tenant) and not is_express:
        return _Began(what, replace(message, runs_as=name))
    return _Began(what)


def _start(message: Message, request: Request, executions: Executions) -> tuple[str, Run | None]:
    """Start a run; return its name, and the run that has had it before.

    Where the earlier run was refused, another name is taken: no request was accepted under the id.
    """
    name, payload = request.request_id, message.body
    earlier = executions.start(name, payload)
    if earlier and payload_hash_of(earlier.input) != request.payload_hash:
        raise Conflict(
            f"request_id {name} was used with another payload:"
            " give a new request_id, or leave it out"
        )
    if earlier and earlier.error in _REFUSED:
        # A delivery that died may have started a run that its rate has refused since.
        for delivery in range(message.received):
            name = _another_name(message, request, delivery)
            earlier = executions.start(name, _with_id(message, request))
            if not earlier or earlier.error != RateLimited.__name__:
                break
    return name, earlier


def _another_name(message: Message, request: Request, delivery: int) -> str:
    """Return a free name that is the same whenever this message is looked at."""
    token = hashlib.sha256(f"{message.id}/{delivery}".encode()).hexdigest()[:6]
    return f"{request.request_id[: _LONGEST_NAME - 7]}_{token}"


def _with_id(message: Message, request: Request) -> str:
    """Return the body under the request's id, which the execution's name no longer is."""
    given = json.loads(message.body)
    return json.dumps({**given, "request_id": request.request_id}, ensure_ascii=False)


def _request(message: Message, input_bytes_limit: int) -> Request:
    try:
        payload = json.loads(message.body)
    except (ValueError, RecursionError):
        raise InvalidRequest('the message is not JSON; write {"input": "…"}') from None
    return parse_request(
        payload, execution_name=message.fallback_id, input_bytes_limit=input_bytes_limit
    )
