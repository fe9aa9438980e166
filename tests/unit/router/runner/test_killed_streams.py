"""A function that dies at any moment of a stream leaves one terminal row, whoever has read what.

A death is an exception that no code of ours catches, at each step that the run takes: before and
after each call of the table, and at each piece that the provider sends.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

from router import errors
from router.conversation.events import Begun, Delta, TextDelta, ToolCallDelta, ToolCallStart
from router.errors import CallError
from router.invocation.attempt import Attempt
from router.invocation.call import Answer, Done, ModelCall
from router.invocation.speak import speak
from router.recovery.abandoned import Swept
from router.routing.run_plan import Target
from tests.support.desk import new_tables
from tests.support.factories import AT, HAIKU, SONNET
from tests.support.runs import run_plan
from tests.unit.router.runner.test_direct import PARIS, Process, spare, swept

CALLS = (ToolCallStart(0, "c1", "f"), ToolCallDelta(0, '{"a":'), ToolCallDelta(0, "1}"))
STREAM: tuple[Delta | Done | CallError, ...] = (
    TextDelta("Pa"), TextDelta("ris."), *CALLS, Done(PARIS),
)  # fmt: skip


class Death(BaseException):
    """The end of a process."""


@dataclass
class Mortal(Process):
    """A function that dies at one of its steps; ``steps`` counts them."""

    streams: list[tuple[Delta | Done | CallError, ...]] = field(default_factory=list)
    dies_at: int | None = None
    steps: int = 0
    spoken: list[Any] = field(default_factory=list)

    def step(self) -> None:
        self.steps += 1
        if self.steps - 1 == self.dies_at:
            raise Death

    @property
    def store(self) -> Any:
        return _MortalStore(super().store, self.step)

    def call(  # type: ignore[override]
        self, call: ModelCall
    ) -> Generator[Begun | Delta, None, tuple[Answer, Attempt]]:
        self.asked.append(call)
        return speak(call, self, lambda answer: answer, lambda: AT, 512)

    def stream(self, _call: ModelCall) -> Iterator[Delta | Done]:
        self.step()  # the call has gone out, and nothing has come
        for piece in self.streams.pop(0):
            if isinstance(piece, CallError):
                raise piece
            yield piece
            self.step()


@dataclass
class _MortalStore:
    store: Any
    step: Callable[[], None]

    def record(self, closing: Any) -> bool:
        self.step()
        done: bool = self.store.record(closing)
        self.step()
        return done

    def note_attempt(self, *given: Any) -> bool:
        self.step()
        done: bool = self.store.note_attempt(*given)
        self.step()
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


def lived(dies_at: int | None, *streams: Any, others: tuple[Target, ...] = ()) -> Mortal:
    """Return a function that has run on tables of its own, as long as it lived."""
    run = Mortal(new_tables(), run_plan(*others), [], streams=[*streams], dies_at=dies_at)
    run.accept()
    try:
        run.run()
    except Death:
        run.dies_at = None
    return run


def check(run: Mortal, models: list[str], step: int) -> None:
    """One terminal row; each call that went out is on a row, with an outcome that owes the most."""
    was_closed = run.rows()["REQUEST"]["status"] != "ACCEPTED"
    assert swept(run) == (Swept(0, 0) if was_closed else Swept(1, 0)), step
    assert swept(run) == Swept(0, 0), step
    request = run.rows()["REQUEST"]
    attempts = run.attempts()
    assert request["attempts"] == len(attempts) == max(1, len(run.asked)), step
    assert [model for model, _ in attempts] == models[: len(attempts)], step
    if was_closed:
        return
    assert (request["status"], request["cause"]) == ("FAILED", "Abandoned"), step
    last = run.rows()[f"ATTEMPT#{len(attempts):02}"]
    assert (last["outcome"], last["cost_status"]) == ("UNKNOWN", "PENDING"), step
    assert "usage" not in last, step


def test_a_death_at_any_event_of_a_stream_leaves_one_row_and_an_unknown_attempt() -> None:
    steps = lived(None, STREAM).steps
    # The call, six pieces, and the writing of the end.
    assert steps == 1 + len(STREAM) + 2

    for step in range(steps):
        check(lived(step, STREAM), [HAIKU], step)


def test_a_death_beside_a_fallback_owes_both_calls_and_no_third() -> None:
    broken, others = (errors.ModelError("500"),), (spare(),)
    steps = lived(None, broken, STREAM, others=others).steps

    for step in range(steps):
        run = lived(step, broken, STREAM, others=others)
        if step == 2:  # the note of the next model is written, and its call has not gone out
            assert [model for model, _ in run.attempts()] == [HAIKU]
            assert swept(run) == Swept(1, 0)
            assert run.attempts() == [(HAIKU, "UNKNOWN"), (SONNET, "UNKNOWN")]
            continue
        check(run, [HAIKU, SONNET], step)
