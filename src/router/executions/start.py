"""Starts the execution of a request once, by any entry point, however often it is asked. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from router.executions.names import execution_name
from router.executions.run import Busy, NoSuchRun, Run
from router.intake.identity import Identity


class Executions(Protocol):
    """The executions of the workflow; see ``router.aws.executions``."""

    def start(self, name: str, payload: str) -> Run | None: ...

    def describe(self, name: str) -> Run: ...


@dataclass(frozen=True, slots=True)
class Started:
    """The execution that carries a request: its name, and which turn of its run it is.

    ``earlier`` is what had the name before, ``None`` if it was started now.
    """

    name: str
    turn: int | str
    earlier: Run | None = None


def start_once(
    identity: Identity,
    text: str,
    executions: Executions,
    has_rows: Callable[[], bool],
    *,
    run: int = 1,
    turn: int = 0,
    last_turn: str | None = None,
) -> Started:
    """Start a request's execution, or join the one that carries it already.

    A name can be used once in 90 days. If its run ended before the request was accepted
    (``has_rows`` is false then), the next turn's name carries the same request. ``has_rows`` may
    also be false if that is unknown: the REQUEST row keeps a second run from doing anything twice.
    With ``last_turn`` there is one more turn, of this name; its end counts, however it ended. Raise
    ``Conflict`` if the name was used with another payload.
    """

    def name_of(number: int | str) -> str:
        return execution_name(identity.tenant, identity.request_id, run, number)

    number: int | str = turn
    while True:
        earlier = _start(executions, name_of(number), text)
        if earlier is None:
            return Started(name_of(number), number)
        identity.check_input(earlier.input)
        is_last = number == last_turn
        if is_last or not earlier.has_failed or has_rows():
            return Started(name_of(number), number, earlier)
        if last_turn is not None or isinstance(number, str):
            number = last_turn or number
        else:
            last = last_used(number, lambda n: _exists(executions, name_of(n)))
            number = max(number + 1, last)


def latest(tenant: str, request_id: str, executions: Executions) -> Run:
    """Return the run that was started last for a request without rows; raise ``NoSuchRun``."""

    def name_of(number: int) -> str:
        return execution_name(tenant, request_id, turn=number)

    first = executions.describe(name_of(0))
    if not first.has_failed:
        return first
    last = last_used(0, lambda n: _exists(executions, name_of(n)))
    return executions.describe(name_of(last)) if last else first


def _start(executions: Executions, name: str, text: str) -> Run | None:
    try:
        return executions.start(name, text)
    except NoSuchRun as error:
        raise Busy("the name is taken, and its execution is not shown yet") from error


def _exists(executions: Executions, name: str) -> bool:
    try:
        executions.describe(name)
    except NoSuchRun:
        return False
    return True


def last_used(used: int, is_used: Callable[[int], bool]) -> int:
    """Return the last number in use, in few looks: numbers are used one after another."""
    step = 1
    while is_used(used + step):
        used, step = used + step, 2 * step
    free = used + step
    while free - used > 1:
        middle = (used + free) // 2
        used, free = (middle, free) if is_used(middle) else (used, middle)
    return used
