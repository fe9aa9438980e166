"""Runs failed requests again: finds what was asked, and starts the next run of each once.

A run is started by name (`<request id>-r2`, `-r3`, …) and names its number in its input. Who comes
second, by name or by number, starts nothing; so this may be stopped and repeated at any point.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from cost_calculator.rows import Row
from router import errors
from router.acceptance.reopen import is_counted, next_run
from router.intake.request import payload_hash

_LONGEST_NAME = 80
_MOST_REFUSED_RUNS = 20
_NOBODY_REPORTED = ("States.", "Sandbox.", "Runtime.", "Lambda.")
_OUTCOMES: Mapping[str, str] = {
    name: kind.outcome
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.CallError) and hasattr(kind, "outcome")
} | {"Lambda.TooManyRequestsException": "THROTTLED"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked, as its next run can be given it, and where that was found."""

    payload: Mapping[str, Any]
    source: Literal["execution", "stored text"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request: ``started`` is the run's name, else ``reason`` says why not."""

    request: Row
    source: str = ""
    started: str = ""
    reason: str = ""


class AlreadyExists(Exception):
    """A run of that name has ended, or runs with another input."""


class Runs(Protocol):
    """The workflow's runs."""

    def input_of(self, execution_arn: str) -> str | None:
        """Return a run's input, ``None`` where its history is gone (or never was: Express)."""

    def start(self, name: str, payload: str) -> None:
        """Start a run; the same name and input while it runs is the same run.

        Raises ``AlreadyExists``.
        """

    def arn_of(self, name: str) -> str: ...

    def is_running(self, name: str) -> bool: ...


class Store(Protocol):
    def rows_of(self, request_id: str) -> dict[str, Row]: ...


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


def run_again(request_id: str, store: Store, runs: Runs, *, dry_run: bool = False) -> Outcome:
    """Start the next run of a failed request, or say why there is none."""
    rows = store.rows_of(request_id)
    request = rows["REQUEST"]
    number = next_run(request)
    if number is None:
        return Outcome(request, reason=f"it is {request['status']} by now")
    if "forgotten_at" in request:
        return Outcome(request, reason="its texts were removed on demand: it is not run again")
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
    request_id = request["request_id"]
    payload = json.dumps(
        {**asked.payload, "request_id": request_id, "rerun": number}, ensure_ascii=False
    )
    for name in _names(request_id, number):
        try:
            runs.start(name, payload)
        except AlreadyExists:
            if runs.is_running(name):
                return Outcome(request, asked.source, started=name)
            now = store.rows_of(request_id)["REQUEST"]
            if next_run(now) != number:
                return Outcome(now, reason=f"it was run again as {name}: {now['status']}")
            # That run was refused before it could take the request, a wrong set-up perhaps.
            continue
        return Outcome(request, asked.source, started=name)
    last = runs.arn_of(name)
    return Outcome(request, reason=f"its runs are refused: see the error of {last}")


def _names(request_id: str, number: int) -> Iterator[str]:
    """Yield names for a run; those after the first stand in for runs that were refused."""
    for refused in range(_MOST_REFUSED_RUNS):
        suffix = f"-r{number}" + (f"-{refused}" if refused else "")
        if len(request_id) + len(suffix) <= _LONGEST_NAME:
            yield request_id + suffix
        else:
            digest = hashlib.sha256(request_id.encode()).hexdigest()[:12]
            yield f"{request_id[:50]}-{digest}{suffix}"


def _asked(request: Row, content: Row | None, runs: Runs) -> Asked | None:
    """Return the payload that this request was accepted for, to the byte, or ``None``."""
    wanted = request["payload_hash"]
    run_input = runs.input_of(request["execution_arn"])
    if run_input is not None:
        payload = json.loads(run_input)
        if payload_hash(payload) == wanted:
            return Asked(payload, "execution")
    for payload in _stored(content) if content else ():
        if payload_hash(payload) == wanted:
            return Asked(payload, "stored text")
    return None


def _stored(content: Row) -> Iterator[dict[str, Any]]:
    """Yield what may have been sent: a row does not say which of two spellings was used."""
    text = json.loads(content["input"])
    system = {} if text["system"] is None else {"system": text["system"]}
    rest = {**json.loads(content.get("options", "{}")), **system}
    yield {"messages": text["messages"], **rest}
    if len(text["messages"]) == 1:
        yield {"input": text["messages"][0]["content"], **rest}
