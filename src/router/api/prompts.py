"""Takes a request in, waits for its end, and finds it again; the core of the HTTP door."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from router.api.errors import ApiError
from router.api.views import ANSWERED, TERMINAL
from router.errors import Conflict, InvalidRequest, StoreUnavailable
from router.request import parse_request, payload_hash
from router.starting import Busy, NotStarted, Run
from router.text import canonical_json

Rows = Mapping[str, Mapping[str, Any]]

# DynamoDB bills a look at the row with half a read unit: 20 of them cost what a tenth of a state
# transition does. DescribeExecution is free, but 15 a second are all that an account has.
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.15, 1.5, 1.3
# What analyze refuses before it accepts; anything else in its place is ours to mend.
_REFUSALS = {"InvalidRequest", "PolicyDenied", "Conflict", "BudgetExceeded", "RateLimited"}
# As RateLimited words it.
_RETRY_AFTER = re.compile(r"retry after (\d+) s")
_NOT_THE_CALLERS = {
    "tenant": "it follows from your credentials",
    "rerun": "a request that failed is run again by whoever operates this deployment",
}
_SIZE_IS_CHECKED_HERE = 1 << 30


class Store(Protocol):
    def rows_of(self, request_id: str) -> Rows: ...

    def request_of(self, request_id: str) -> Mapping[str, Any] | None: ...


class Executions(Protocol):
    def start(self, name: str, payload: str) -> Run | None: ...

    def describe(self, name: str) -> Run: ...


@dataclass(frozen=True, slots=True)
class Door:
    """What the door stands on; times are seconds.

    ``text_at`` reads an ``s3://`` address: ``None`` for a text that has expired. It raises
    ``StoreUnavailable`` where it cannot be read now.
    """

    store: Store
    executions: Executions
    text_at: Callable[[str], str | None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    input_bytes_limit: int
    store_text: bool


@dataclass(frozen=True, slots=True)
class Submitted:
    """A request that was started, and the name of the execution that carries it."""

    request_id: str
    execution: str


def submit(payload: Any, tenant: str, door: Door) -> Submitted:
    """Start the execution of a request, or join the one that was started before.

    Raise ``InvalidRequest``, ``Conflict``, ``Busy``, ``NotStarted``, or 413.
    """
    if isinstance(payload, dict):
        for name in payload.keys() & _NOT_THE_CALLERS.keys():
            raise InvalidRequest(f"leave `{name}` out: {_NOT_THE_CALLERS[name]}")
        payload = {"request_id": uuid.uuid4().hex, **payload, "tenant": tenant}
    request = parse_request(payload, execution_name="-", input_bytes_limit=_SIZE_IS_CHECKED_HERE)
    if request.input_bytes > door.input_bytes_limit:
        raise ApiError(
            "RequestTooLarge",
            f"the text takes {request.input_bytes} bytes and may take {door.input_bytes_limit}:"
            " shorten it, or split it",
        )
    text = canonical_json(payload).decode()
    earlier = door.executions.start(request.request_id, text)
    if earlier is None:
        return Submitted(request.request_id, request.request_id)
    if _hash_of(earlier.input) != request.payload_hash:
        raise Conflict(
            f"request_id {request.request_id} was used with another payload:"
            " give a new request_id, or leave it out"
        )
    if earlier.status in ("RUNNING", "SUCCEEDED") or door.store.rows_of(request.request_id):
        return Submitted(request.request_id, request.request_id)
    # It was refused then (a budget, a rate limit) and left no row. A name serves once in 90 days,
    # so another carries the same id; the row that accepting puts keeps it from running twice.
    again = f"{request.request_id[:47]}-{uuid.uuid4().hex}"
    door.executions.start(again, text)
    return Submitted(request.request_id, again)


def wait(submitted: Submitted, until: float, door: Door) -> Rows | None:
    """Return a request's rows once it has ended, or ``None`` where it has not by ``until``.

    Raise what refused it, where it was refused before it was accepted.
    """
    for pause in _pauses():
        # It may have been paid by now: who cannot see it looks again, and never has it sent again.
        with suppress(Busy, StoreUnavailable):
            row = door.store.request_of(submitted.request_id)
            if row and row["status"] in TERMINAL:
                return door.store.rows_of(submitted.request_id)
            if row and row["status"] == "PENDING_REVIEW":
                return None  # no human decides within seconds
            if row is None:
                run = door.executions.describe(submitted.execution)
                if refused := _refusal(submitted.request_id, run, door):
                    raise refused
        if door.clock() + pause >= until:
            return None
        door.sleep(pause)
    raise AssertionError("pauses never end")


def find(request_id: str, tenant: str, door: Door) -> Rows | ApiError | None:
    """Return the rows of a tenant's request; what refused it before it had rows; or ``None``.

    ``None`` is a request that has just been started. Raise 404 where there is none, also for the
    request of another tenant.
    """
    rows = door.store.rows_of(request_id)
    if "REQUEST" in rows:
        if rows["REQUEST"]["tenant"] != tenant:
            raise _not_found(request_id)
        return rows
    try:
        run = door.executions.describe(request_id)
    except NotStarted:
        raise _not_found(request_id) from None
    if _payload(run.input).get("tenant") != tenant:
        raise _not_found(request_id)
    return _refusal(request_id, run, door)


def owned(request_id: str, tenant: str, door: Door) -> None:
    """Raise 404 where a tenant has no such request."""
    row = door.store.request_of(request_id)
    if row is None or row["tenant"] != tenant:
        raise _not_found(request_id)


def answer_of(rows: Rows, door: Door) -> str | None:
    """Return the text of an answer from where it is: the row, S3, or the run's own output.

    ``None`` where there is no answer, or its text has expired. Raise ``StoreUnavailable`` or
    ``Busy`` where that is not known.
    """
    request = rows["REQUEST"]
    if request["status"] not in ANSWERED:
        return None
    if "output_s3" in request:
        return door.text_at(request["output_s3"])
    stored = rows.get("CONTENT", {}).get("output")
    if stored is not None or door.store_text:
        return stored
    run = _ended(request["execution_arn"].rsplit(":", 1)[1], door)
    return _payload(run.output or "").get("output")


def failure(rows: Rows) -> ApiError:
    """Return the error of a request that ended without an answer."""
    request = rows["REQUEST"]
    cause = str(request.get("cause") or request["status"])
    return ApiError(
        cause,
        f"no model answered: {cause}. The request is closed; GET it for its attempts, and send it"
        " again under a new id if it is still wanted",
        request_id=request["request_id"],
    )


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _ended(name: str, door: Door) -> Run:
    run = door.executions.describe(name)
    while run.status == "RUNNING":  # its row is written by its last state
        door.sleep(_FIRST_PAUSE)
        run = door.executions.describe(name)
    return run


def _refusal(request_id: str, run: Run, door: Door) -> ApiError | None:
    if run.status == "RUNNING" or "REQUEST" in door.store.rows_of(request_id):
        return None
    if run.error in _REFUSALS:
        cause = run.cause or run.error
        seconds = _RETRY_AFTER.search(cause)
        headers = {"retry-after": seconds[1]} if seconds else {}
        return ApiError(run.error, cause, request_id=request_id, headers=headers)
    message = "the request was not accepted, so nothing was paid: send it again"
    return ApiError("NotAccepted", message, request_id=request_id)


def _not_found(request_id: str) -> ApiError:
    return ApiError("NotFound", "there is no such request of yours", request_id=request_id)


def _hash_of(text: str) -> str:
    return payload_hash(_payload(text))


def _payload(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
