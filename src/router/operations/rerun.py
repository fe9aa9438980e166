"""Runs failed requests again: finds each request's input, and starts its next run once.

A run's name follows from tenant, id and the run's number, which its input holds too. A second
start, by name or by number, starts nothing; so this may be stopped and repeated at any point.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from cost_calculator.row_keys import request_id_of
from cost_calculator.rows import Row
from router import errors
from router.acceptance.reopen import is_counted, next_run
from router.encoding import json_object
from router.executions.run import Run
from router.executions.start import start_once
from router.intake.identity import Identity

_NOBODY_REPORTED = ("States.", "Sandbox.", "Runtime.", "Lambda.")
_OUTCOMES: Mapping[str, str] = {
    name: kind.outcome
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.CallError) and hasattr(kind, "outcome")
} | {"Lambda.TooManyRequestsException": "THROTTLED"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request's input for its next run, and its source."""

    payload: Mapping[str, Any]
    source: Literal["execution", "stored text"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: ``started`` is the run's name, else ``reason`` explains why
    not."""

    request: Row
    source: str = ""
    started: str = ""
    reason: str = ""


class Runs(Protocol):
    """The workflow's runs."""

    def input_of(self, execution_arn: str) -> str | None:
        """Return a run's input, ``None`` if its history is gone (or never was: Express)."""

    def start(self, name: str, payload: str) -> Run | None: ...

    def describe(self, name: str) -> Run: ...


class Store(Protocol):
    def rows_of(self, key: str) -> dict[str, Row]: ...


def failed_for(request: Row, cause: str | None) -> bool:
    """Return whether a request failed for ``cause``: a name on a row, or an attempt's outcome.

    Without a cause only FAILED is meant: what was refused or blocked will be so again.
    """
    if cause is None:
        return bool(request["status"] == "FAILED")
    if next_run(request) is None:
        return False
    found = str(request.get("cause", ""))
    unreported = "UNKNOWN" if found.startswith(_NOBODY_REPORTED) else ""
    names = {found.lower(), _OUTCOMES.get(found, unreported).lower()}
    return cause.lower() in names


def run_again(key: str, store: Store, runs: Runs, *, dry_run: bool = False) -> Outcome:
    """Start the next run of a failed request, or return why there is none.

    Raise what ``start_once`` does, but a ``Conflict``: that is this request's alone.
    """
    rows = store.rows_of(key)
    request = rows["REQUEST"]
    if "forgotten_at" in request:
        return Outcome(request, reason="its texts were removed on demand: it is not run again")
    number = next_run(request)
    if number is None:
        return Outcome(request, reason=f"it is {request['status']} by now")
    if not is_counted(request):
        return Outcome(request, reason="it is not in the sums yet: again in a minute")
    asked = _asked(request, rows.get("CONTENT"), runs)
    if asked is None:
        return Outcome(
            request,
            reason="what it asked is gone: its run's history has expired, and its text is not"
            " stored as it was sent; send it again under a new id",
        )
    if dry_run:
        return Outcome(request, asked.source)
    return _start(request, number, asked, store, runs)


def _start(request: Row, number: int, asked: Asked, store: Store, runs: Runs) -> Outcome:
    identity = _identity(request)
    payload = json.dumps(
        {**asked.payload, "request_id": identity.request_id, "rerun": number}, ensure_ascii=False
    )

    def has_run() -> bool:
        """Whether the run of that name took the request; else it was refused before it could."""
        return next_run(store.rows_of(identity.key)["REQUEST"]) != number

    try:
        started = start_once(identity, payload, runs, has_run, run=number)
    except errors.Conflict:
        return Outcome(request, reason="the name of its next run is taken by another request")
    if started.earlier is None or not started.earlier.is_over:
        return Outcome(request, asked.source, started=started.name)
    now = store.rows_of(identity.key)["REQUEST"]
    return Outcome(now, reason=f"it was run again as {started.name}: {now['status']}")


def _identity(request: Row) -> Identity:
    request_id = request_id_of(request["request_id"])
    return Identity(request["tenant"], request_id, request["payload_hash"])


def _asked(request: Row, content: Row | None, runs: Runs) -> Asked | None:
    """Return the payload that this request was accepted for, to the byte, or ``None``."""
    run_input = runs.input_of(request["execution_arn"])
    if run_input is not None:
        payload = json_object(run_input)
        if _is_asked(request, payload):
            return Asked(payload, "execution")
    for payload in _stored(request, content) if content else ():
        if _is_asked(request, payload):
            return Asked(payload, "stored text")
    return None


def _is_asked(request: Row, payload: Mapping[str, Any]) -> bool:
    return _identity(request).is_same(payload)


def _stored(request: Row, content: Row) -> Iterator[dict[str, Any]]:
    """Yield what may have been sent: a row does not record which of two spellings was used."""
    if "input_s3" in content:
        names = {"tenant": request["tenant"], "payload_hash": request["payload_hash"]}
        yield {"payload_s3": content["input_s3"], **names}
        return
    text = json.loads(content["input"])
    system = {} if text["system"] is None else {"system": text["system"]}
    rest = {**json.loads(content.get("options", "{}")), **system}
    yield {"messages": text["messages"], **rest}
    if len(text["messages"]) == 1:
        yield {"input": text["messages"][0]["content"], **rest}
