"""invoke_model with a WebSocket API: who listens gets the answer as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from router import errors
from router.aws.listener_store import ListenerStore
from router.conversation.events import Delta, TextDelta
from router.errors import ModelError
from router.handlers import invoke_model, pushed_call
from router.ingress.websocket.listeners import Sent
from router.intake.call_options import CallOptions
from router.invocation.call import Answer, Done, ModelCall
from tests.support.runs import KEY, USAGE
from tests.support.sockets import text_of
from tests.support.tables import CONTROL
from tests.unit.router.handlers.stage import Model, Stage

SCHEMA = {"type": "object", "properties": {}, "additionalProperties": True}


class Streaming(Model):
    """Says an answer in three pieces, and fails after the first if it is to."""

    breaks = False

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        self.asked.append(call)
        yield TextDelta("Pa")
        if self.breaks:
            raise ModelError("broke")
        yield TextDelta("ris")
        yield TextDelta(".")
        yield Done(Answer("Paris.", False, USAGE, "m-2026"))


@pytest.fixture
def frames(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The frames that were posted, of a deployment that has a WebSocket API."""
    sent: list[dict[str, Any]] = []

    def posting(_logger: Any) -> Any:
        def post(_connection: str, frame: bytes) -> Sent:
            sent.append(json.loads(frame))
            return Sent.OK

        return post

    model = Streaming()
    pushed_call._listeners.cache_clear()
    monkeypatch.setenv("CONTROL_TABLE", CONTROL)
    monkeypatch.setattr(invoke_model, "PUSHES", True)
    monkeypatch.setattr(invoke_model, "provider", lambda _name: model)
    monkeypatch.setattr(pushed_call, "posting", posting)
    stage.model = model
    return sent


@pytest.fixture
def listeners(stage: Stage, frames: list[dict[str, Any]]) -> ListenerStore:
    store = ListenerStore(stage.client, CONTROL)  # type: ignore[arg-type]
    store.listen(KEY, "c-1")
    return store


def test_an_answer_is_pushed_and_recorded_as_ever(
    stage: Stage, frames: list[dict[str, Any]], listeners: ListenerStore
) -> None:
    outcome = stage.invoke(retries=1)

    assert text_of(frames) == outcome["output"] == "Paris."
    rows = stage.rows()
    assert rows["REQUEST"]["status"] == "SUCCEEDED"
    assert (rows["ATTEMPT#01"]["outcome"], rows["ATTEMPT#01"]["retries"]) == ("OK", 1)
    assert json.loads(rows["ATTEMPT#01"]["usage"]) == USAGE
    listener = listeners.listener_of(KEY)
    assert listener
    assert listener.streamed == rows["ATTEMPT#01"]["started_at"]


def test_nobody_who_does_not_listen_gets_anything(
    stage: Stage, frames: list[dict[str, Any]]
) -> None:
    assert stage.invoke()["output"] == "Paris."
    assert frames == []


def test_an_answer_that_is_checked_first_is_not_pushed(
    stage: Stage, frames: list[dict[str, Any]], listeners: ListenerStore
) -> None:
    stage.model.says = [Answer("{}", False, USAGE, "m-2026")]

    assert stage.invoke(options=CallOptions(response_schema=SCHEMA))["output"] == "{}"
    assert frames == []


def test_a_model_that_fails_after_its_first_word_is_an_attempt_that_may_be_billed(
    stage: Stage, frames: list[dict[str, Any]], listeners: ListenerStore
) -> None:
    assert isinstance(stage.model, Streaming)
    stage.model.breaks = True

    with pytest.raises(errors.ModelError) as raised:
        stage.invoke()

    assert json.loads(str(raised.value))["outcome"] == "UNKNOWN"
    listener = listeners.listener_of(KEY)
    assert listener
    assert (listener.has_begun, listener.streamed) == (True, None)


def test_without_the_api_no_table_is_asked_who_listens(stage: Stage) -> None:
    stage.invoke()

    assert "GetItem" not in stage.client.calls
