"""Takes a request in and waits for its end; the core of the HTTP api."""

from __future__ import annotations

from collections.abc import Mapping
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
from router.ingress.api.repeats import first_keys, named
from router.ingress.api.views import TERMINAL
from router.intake.identity import Identity
from router.intake.request import parse_request, taken_by, too_large
from router.intake.stored_payload import travelling

# DynamoDB bills a look at the row with half a read unit: a tenth of what the waiting Lambda costs
# meanwhile. On average half a pause passes between a run's end and the look that sees it.
_SHORTEST_PAUSE, _LONGEST_PAUSE, _SHARE = 0.05, 0.15, 0.25
# DescribeExecution is free, but an account has 15 a second: it is asked only while there is no row.
_FIRST_DESCRIBED, _GROWTH = 0.3, 1.5
_NOT_THE_CALLERS = {
    "tenant": "it follows from your credentials",
    "rerun": "a request that failed is run again by whoever operates this deployment",
}
_SIZE_IS_CHECKED_HERE = 1 << 30


@dataclass(frozen=True, slots=True)
class Submitted:
    """A request that was taken, and the name of the execution that carries it.

    ``None`` is a request whose rows were there before: nothing was started for it. ``is_named``
    says that its caller gave the id, and so names the same request when it comes again.
    """

    identity: Identity
    execution: str | None
    is_named: bool

    @property
    def request_id(self) -> str:
        return self.identity.request_id


def submit(payload: Any, tenant: str, api: ApiContext) -> Submitted:
    """Start the execution of a request, or join the one that was started before.

    Raise ``InvalidRequest`` for what has no id yet, else an ``ApiError`` that names it.
    """
    return start(recognise(payload, tenant, api), api)


def start(known: Recognised, api: ApiContext) -> Submitted:
    """Start the execution of a request that was recognised, unless it is joined."""
    identity, is_named = known.identity, known.is_named
    if known.is_known:
        return Submitted(identity, None, is_named)
    try:
        if error := api.over_budget(identity.tenant):
            raise error
        text = canonical_json(travelling(known.payload, identity, api.keep)).decode()
        started = start_once(
            identity, text, api.executions, lambda: bool(api.store.rows_of(identity.key))
        )
        return Submitted(identity, started.name, is_named)
    except (RequestError, Busy, StoreUnavailable, NotStarted) as error:
        raise as_api_error(error, identity.request_id) or error from error


@dataclass(frozen=True, slots=True)
class Recognised:
    """A request with its tenant and id, and whether it has rows already, so that it is joined."""

    payload: Mapping[str, Any]
    identity: Identity
    is_named: bool
    is_known: bool


def recognise(payload: Any, tenant: str, api: ApiContext) -> Recognised:
    """Return which request of a tenant a payload is; raise what ``submit`` does."""
    if isinstance(payload, dict):
        for name in payload.keys() & _NOT_THE_CALLERS.keys():
            raise InvalidRequest(f"leave `{name}` out: {_NOT_THE_CALLERS[name]}")
        payload = {**payload, "tenant": tenant}
    request = parse_request(payload, execution_name="-", input_bytes_limit=_SIZE_IS_CHECKED_HERE)
    taken = request.input_bytes + taken_by(request.metadata)
    if taken > api.input_bytes_limit:
        raise ApiError(
            "RequestTooLarge",
            too_large(taken, api.input_bytes_limit),
            request_id=payload.get("request_id"),
        )
    identity, is_named = request.identity, "request_id" in payload
    try:
        if is_named:
            is_known = _is_known(identity, api)
        else:
            identity, is_known = _named(identity, api)
    except (RequestError, StoreUnavailable) as error:
        raise as_api_error(error, identity.request_id) or error from error
    named_payload = {**payload, "request_id": identity.request_id}
    return Recognised(named_payload, identity, is_named, is_known)


def _named(identity: Identity, api: ApiContext) -> tuple[Identity, bool]:
    """Return a request without an id under its id, and whether it has rows that it joins."""

    at = api.now()
    seen: Mapping[str, Mapping[str, Any] | None] = {}
    with suppress(StoreUnavailable):
        seen = api.store.requests_at(first_keys(identity, at))

    def look(key: str) -> Mapping[str, Any] | None:
        if key in seen:
            return seen[key]
        with suppress(StoreUnavailable):  # the run itself looks again, and writes no second row
            return api.store.request_of(key)
        return None

    found, row = named(identity, at, look)
    return found, row is not None


def _is_known(identity: Identity, api: ApiContext) -> bool:
    """Return whether the request has rows; raise ``Conflict`` if its id is another's.

    Executions forget their names in 90 days and are started by other names too; rows do not.
    """
    row = None
    with suppress(StoreUnavailable):  # the run itself looks again, and writes no second row
        row = api.store.request_of(identity.key)
    if row is None:
        return False
    identity.check_row(row)
    return True


def wait(submitted: Submitted, until: float, api: ApiContext) -> Rows | None:
    """Return a request's rows once it has ended, or ``None`` if it has not by ``until``.

    Raise what refused it, where it was refused before it was accepted, and ``Conflict`` where the
    rows under its id are of another payload.
    """
    identity, began = submitted.identity, api.clock()
    described_after = _FIRST_DESCRIBED
    while True:
        waited = api.clock() - began
        # It may have been paid by now: who cannot see it looks again, and never has it sent again.
        with suppress(Busy, StoreUnavailable, NoSuchRun):
            row = api.store.request_of(identity.key)
            if row:
                _check(identity, row)
            if row and row["status"] in TERMINAL:
                return api.store.rows_of(identity.key)
            if row and row["status"] == "PENDING_REVIEW":
                return None  # no human decides within seconds
            if row is None and submitted.execution and waited >= described_after:
                described_after = waited * _GROWTH
                run = api.executions.describe(submitted.execution)
                if refused := refusal(identity.tenant, identity.request_id, run, api):
                    raise refused
        pause = min(max(waited * _SHARE, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        if api.clock() + pause >= until:
            return None
        api.sleep(pause)


def _check(identity: Identity, row: Mapping[str, Any]) -> None:
    try:
        identity.check_row(row)
    except RequestError as error:
        raise as_api_error(error, identity.request_id) or error from error
