"""Takes a request in and waits for its end; the core of the HTTP api."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from router.encoding import canonical_json
from router.errors import InvalidRequest, RequestError, StoreUnavailable
from router.executions.run import Busy, NoSuchRun, NotStarted
from router.executions.start import start_once
from router.ingress.api.errors import ApiError, as_api_error
from router.ingress.api.lookup import refusal
from router.ingress.api.ports import ApiContext, Rows
from router.ingress.api.views import TERMINAL
from router.intake.identity import Identity
from router.intake.request import Request, parse_request

# DynamoDB bills a look at the row with half a read unit: 20 of them cost what a tenth of a state
# transition does. DescribeExecution is free, but 15 a second are all that an account has.
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.15, 1.5, 1.3
_NOT_THE_CALLERS = {
    "tenant": "it follows from your credentials",
    "rerun": "a request that failed is run again by whoever operates this deployment",
}
_SIZE_IS_CHECKED_HERE = 1 << 30


@dataclass(frozen=True, slots=True)
class Submitted:
    """A request that was taken, and the name of the execution that carries it.

    ``None`` is a request whose rows were there before: nothing was started for it.
    """

    identity: Identity
    execution: str | None

    @property
    def request_id(self) -> str:
        return self.identity.request_id


def submit(payload: Any, tenant: str, api: ApiContext) -> Submitted:
    """Start the execution of a request, or join the one that was started before.

    Raise ``InvalidRequest`` for what has no id yet, else an ``ApiError`` that names it.
    """
    is_new = not (isinstance(payload, dict) and "request_id" in payload)
    if isinstance(payload, dict):
        for name in payload.keys() & _NOT_THE_CALLERS.keys():
            raise InvalidRequest(f"leave `{name}` out: {_NOT_THE_CALLERS[name]}")
        payload = {"request_id": uuid.uuid4().hex, **payload, "tenant": tenant}
    request = parse_request(payload, execution_name="-", input_bytes_limit=_SIZE_IS_CHECKED_HERE)
    if request.input_bytes > api.input_bytes_limit:
        raise ApiError(
            "RequestTooLarge",
            f"the text takes {request.input_bytes} bytes and may take {api.input_bytes_limit}:"
            " shorten it, or split it",
            request_id=request.request_id,
        )
    try:
        if not is_new and _is_known(request.identity, api):
            return Submitted(request.identity, None)
        return _started(request, canonical_json(payload).decode(), api)
    except (RequestError, Busy, StoreUnavailable, NotStarted) as error:
        raise as_api_error(error, request.request_id) or error from error


def _is_known(identity: Identity, api: ApiContext) -> bool:
    """Say whether the request has rows; raise ``Conflict`` where its id is another's.

    Executions forget their names in 90 days and are started by other names too; rows do not.
    """
    row = None
    with suppress(StoreUnavailable):  # the run itself looks again, and writes no second row
        row = api.store.request_of(identity.key)
    if row is None:
        return False
    identity.check_row(row)
    return True


def _started(request: Request, text: str, api: ApiContext) -> Submitted:
    started = start_once(
        request.identity, text, api.executions, lambda: bool(api.store.rows_of(request.key))
    )
    return Submitted(request.identity, started.name)


def wait(submitted: Submitted, until: float, api: ApiContext) -> Rows | None:
    """Return a request's rows once it has ended, or ``None`` where it has not by ``until``.

    Raise what refused it, where it was refused before it was accepted, and ``Conflict`` where the
    rows under its id are of another payload.
    """
    identity = submitted.identity
    for pause in _pauses():
        # It may have been paid by now: who cannot see it looks again, and never has it sent again.
        with suppress(Busy, StoreUnavailable, NoSuchRun):
            row = api.store.request_of(identity.key)
            if row:
                _check(identity, row)
            if row and row["status"] in TERMINAL:
                return api.store.rows_of(identity.key)
            if row and row["status"] == "PENDING_REVIEW":
                return None  # no human decides within seconds
            if row is None and submitted.execution:
                run = api.executions.describe(submitted.execution)
                if refused := refusal(identity.tenant, identity.request_id, run, api):
                    raise refused
        if api.clock() + pause >= until:
            return None
        api.sleep(pause)
    raise AssertionError("pauses never end")


def _check(identity: Identity, row: Mapping[str, Any]) -> None:
    try:
        identity.check_row(row)
    except RequestError as error:
        raise as_api_error(error, identity.request_id) or error from error


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * _GROWTH, _LONGEST_PAUSE)
