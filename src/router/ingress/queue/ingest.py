"""Turns messages of a queue into executions: each once, none lost, none blocking another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from router.encoding import canonical_json
from router.errors import InvalidRequest, RateLimited, RequestError
from router.executions.names import execution_name
from router.executions.run import Busy, NoSuchRun, NotStarted, Run
from router.executions.start import Executions, start_once
from router.ingress.queue.backpressure import Backpressure
from router.ingress.queue.message import Message, NotSent, Queues, Report
from router.intake.request import Request, parse_request
from router.intake.stored_payload import check_inline, check_no_pointer

LAST_TRY = 3
"""Receives after which SQS itself would move a message, without a reason: ``maxReceiveCount``."""

_LONGEST_DELAY = 900  # seconds; SQS delays a message no longer


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
    for received in messages:
        message = received
        try:
            try:
                request = _request(message, input_bytes_limit)
                message = replace(message, body=_with_id(message, request))
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
    turn = 0
    if message.watches is not None and (run := _watched(message.watches, request, executions)):
        if run.status == "RUNNING":
            return _Began("held", message)
        if run.error != RateLimited.__name__:
            return _Began("repeated")
        turn = message.watches + 1
    if seconds := backpressure.wait(request):
        return _Began("held", message, seconds)
    # No table is read here: if the earlier run failed, another one finds the rows, if any.
    started = start_once(request.identity, message.body, executions, lambda: False, turn=turn)
    what = "repeated" if started.earlier else "started"
    # A run that its rate may still refuse is checked again: until then the message is not done.
    is_open = started.earlier is None or started.earlier.status == "RUNNING"
    # An Express run cannot be looked at.
    if is_open and backpressure.is_limited(request) and not is_express:
        return _Began(what, replace(message, watches=int(started.turn)))
    return _Began(what)


def _watched(turn: int, request: Request, executions: Executions) -> Run | None:
    """Return the run that a copy of the message waits for, ``None`` if there is no such run.

    The turn comes with the message, and anybody may forge it: the name still follows from the
    request, and the run must belong to the same request.
    """
    try:
        run = executions.describe(execution_name(request.tenant, request.request_id, turn=turn))
    except NoSuchRun:
        return None
    request.identity.check_input(run.input)
    return run


def _with_id(message: Message, request: Request) -> str:
    """Return the body with the request's id in it: a copy has another message id."""
    given = json.loads(message.body)
    if "request_id" in given:
        return message.body
    return canonical_json({**given, "request_id": request.request_id}).decode()


def _request(message: Message, input_bytes_limit: int) -> Request:
    try:
        payload = json.loads(message.body)
    except (ValueError, RecursionError):
        raise InvalidRequest('the message is not JSON; write {"input": "…"}') from None
    check_no_pointer(payload, "a message of the queue")
    request = parse_request(
        payload, execution_name=message.fallback_id, input_bytes_limit=input_bytes_limit
    )
    check_inline(payload)
    return request
