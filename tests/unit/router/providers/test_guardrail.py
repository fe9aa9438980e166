"""What a guardrail stops is BLOCKED whoever would have answered, and what was paid is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from router import errors
from router.conversation.blocks import Conversation, Text, Tool, ToolCall, ToolResult, Turn
from router.conversation.events import Delta, TextDelta, ToolCallDelta, ToolCallStart
from router.invocation.call import Answer, Done, ModelCall
from router.providers.bedrock import Bedrock
from router.providers.guardrail import Guarded, Guardrail
from router.providers.guardrail_trace import of_trace
from router.routing.decision import decide
from router.routing.plan_json import plan_to_json
from tests.support.factories import HAIKU, asking, classification, config, request
from tests.support.streams import converse_events

CALLS = (ToolCall("c1", "weather", '{"city": "Paris"}'),)
LOOP = Conversation(
    (
        Turn("user", (Text("ask"),)),
        Turn("assistant", (ToolCall("c1", "weather", '{"city": "Rome"}'),)),
        Turn("tool", (ToolResult("c1", (Text("found on the web"),)),)),
    ),
    (Text("be brief"),),
    (Tool("weather", "Tells the weather."),),
)
CALL = ModelCall("openai", "gpt-6-luna", asking("ask"), 99)
USAGE = {"prompt_tokens": 3, "completion_tokens": 4}
SPOKE = {
    "topicPolicy": {"topics": [{"name": "Orchards", "type": "DENY", "action": "BLOCKED"}]},
    "wordPolicy": {"customWords": [{"match": "secret words", "action": "BLOCKED"}]},
    "contentPolicy": {"filters": [{"type": "VIOLENCE", "action": "NONE"}]},
    "invocationMetrics": {"guardrailProcessingLatency": 9},
}


class Model:
    """A provider that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def complete(self, _call: ModelCall) -> Answer:
        self.calls += 1
        return Answer("an answer", False, USAGE, "gpt-6-luna-1", calls=CALLS)

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        yield TextDelta("an ")
        yield TextDelta("answer")
        yield Done(self.complete(call))


class Assessor:
    """ApplyGuardrail: stops the sources it is told to, or raises."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.seen: list[dict[str, Any]] = []

    def apply_guardrail(self, **asked: Any) -> dict[str, Any]:
        self.seen.append(asked)
        answer = self._answers.get(asked["source"])
        if isinstance(answer, Exception):
            raise answer
        if answer:
            return {"action": "GUARDRAIL_INTERVENED", "assessments": [SPOKE]}
        return {"action": "NONE", "assessments": []}


def guarded(model: Model, **answers: Any) -> tuple[Guarded, Assessor]:
    assessor = Assessor(**answers)
    return Guarded(model, Guardrail("gr1", "2"), assessor), assessor  # type: ignore[arg-type]


def texts(assessor: Assessor) -> list[list[str]]:
    return [[part["text"]["text"] for part in asked["content"]] for asked in assessor.seen]


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "ApplyGuardrail")


def test_prompt_and_answer_pass_the_guardrail_of_the_deployment() -> None:
    provider, assessor = guarded(Model())

    assert provider.complete(CALL).text == "an answer"
    assert [asked["source"] for asked in assessor.seen] == ["INPUT", "OUTPUT"]
    assert texts(assessor) == [["ask"], ["an answer", '{"city": "Paris"}']]
    assert {asked["guardrailVersion"] for asked in assessor.seen} == {"2"}


def test_a_prompt_that_is_stopped_never_reaches_the_model_and_costs_nothing() -> None:
    model = Model()
    provider, _ = guarded(model, INPUT=True)

    with pytest.raises(errors.Blocked) as blocked:
        provider.complete(CALL)

    assert model.calls == 0
    assert set((blocked.value.usage or {}).values()) == {0}


def test_an_answer_that_is_stopped_is_paid_for() -> None:
    provider, _ = guarded(Model(), OUTPUT=True)

    with pytest.raises(errors.Blocked) as blocked:
        provider.complete(CALL)

    assert blocked.value.usage == USAGE


def test_the_cause_names_policies_and_quotes_no_text() -> None:
    provider, _ = guarded(Model(), OUTPUT=True)

    with pytest.raises(errors.Blocked) as blocked:
        provider.complete(CALL)

    assert blocked.value.detail == "guardrail, output: topicPolicy Orchards, wordPolicy"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused("ThrottlingException"), errors.Throttled),
        (refused("AccessDeniedException"), errors.AccessDenied),
        (refused("InternalServerException"), errors.Overloaded),
        (EndpointConnectionError(endpoint_url="https://here"), errors.Unreachable),
    ],
)
def test_a_guardrail_that_does_not_answer_keeps_the_prompt_from_the_model(
    error: Exception, kind: type[errors.CallError]
) -> None:
    model = Model()
    provider, _ = guarded(model, INPUT=error)

    with pytest.raises(kind):
        provider.complete(CALL)
    assert model.calls == 0


def test_an_answer_that_the_guardrail_did_not_see_is_not_shown_and_is_no_harmless_retry() -> None:
    provider, _ = guarded(Model(), OUTPUT=refused("ThrottlingException"))

    with pytest.raises(errors.BadResponse) as unseen:
        provider.complete(CALL)

    assert unseen.value.usage == USAGE
    assert not isinstance(unseen.value, errors.NotBilled)


class Events(list[Any]):
    def close(self) -> None:
        pass


class Converse(Assessor):
    """A Bedrock that answers, and assesses what it is shown."""

    def __init__(self, answer: Any, **answers: Any) -> None:
        super().__init__(**answers)
        self.answer, self.asked = answer, {}

    def converse_stream(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return {"stream": Events(self.answer)}

    def converse(self, **asked: Any) -> dict[str, Any]:
        self.asked = asked
        return self.answer


def test_converse_is_given_the_guardrail_and_its_trace_names_the_policy() -> None:
    trace = {"guardrail": {"outputAssessments": {"gr1": [SPOKE]}}}
    usage = {"inputTokens": 3, "outputTokens": 4}
    client = Converse({"stopReason": "guardrail_intervened", "usage": usage, "trace": trace})

    with pytest.raises(errors.Blocked) as blocked:
        Bedrock(client, Guardrail("gr1", "2")).complete(CALL)  # type: ignore[arg-type]

    assert client.asked["guardrailConfig"]["guardrailIdentifier"] == "gr1"
    assert blocked.value.detail == "guardrail, output: topicPolicy Orchards, wordPolicy"
    assert blocked.value.usage == usage


SHOWN = ["be brief", '{"city": "Rome"}', "found on the web"]


def test_a_guardrail_sees_what_tools_gave_back_and_what_they_are() -> None:
    provider, assessor = guarded(Model())

    provider.complete(ModelCall("openai", "gpt-6-luna", LOOP, 99))

    assert set(texts(assessor)[0]) >= {*SHOWN, "ask"}
    assert "Tells the weather." in " ".join(texts(assessor)[0])


USED = {"toolUse": {"toolUseId": "c1", "name": "weather", "input": {"city": "Paris"}}}
CALLING = {
    "stopReason": "tool_use",
    "output": {"message": {"content": [USED]}},
    "usage": {"inputTokens": 3},
}


def test_what_converses_own_guardrail_does_not_see_is_shown_to_it() -> None:
    client = Converse(CALLING)
    call = ModelCall("bedrock", HAIKU, LOOP, 99)

    answer = Bedrock(client, Guardrail("gr1", "2")).complete(call)  # type: ignore[arg-type]

    before, after = texts(client)
    assert set(before) >= set(SHOWN)
    assert "ask" not in before
    assert after == ['{"city": "Paris"}']
    assert answer.calls


def test_calls_that_are_stopped_are_paid_for() -> None:
    client = Converse(CALLING, OUTPUT=True)

    with pytest.raises(errors.Blocked) as blocked:
        Bedrock(client, Guardrail("gr1", "2")).complete(CALL)  # type: ignore[arg-type]

    assert blocked.value.usage == {"inputTokens": 3}


def test_outside_of_bedrock_no_piece_goes_out_before_the_guardrail_saw_the_answer() -> None:
    provider, assessor = guarded(Model())

    pieces = list(provider.stream(CALL))

    assert pieces[:-1] == [
        TextDelta("an answer"),
        ToolCallStart(0, "c1", "weather"),
        ToolCallDelta(0, '{"city": "Paris"}'),
    ]
    assert isinstance(pieces[-1], Done)
    assert len(assessor.seen) == 2
    stopped, _ = guarded(Model(), OUTPUT=True)
    with pytest.raises(errors.Blocked) as blocked:
        next(stopped.stream(CALL))
    assert blocked.value.usage == USAGE


def test_in_bedrocks_stream_calls_are_held_until_the_guardrail_saw_them() -> None:
    events = converse_events(("I look.",), (("c1", "weather", ('{"city": "Paris"}',)),))
    client, stopping = Converse(events), Converse(events, OUTPUT=True)
    call, guardrail = ModelCall("bedrock", HAIKU, asking("ask"), 99), Guardrail("gr1", "2")

    pieces = list(Bedrock(client, guardrail).stream(call))  # type: ignore[arg-type]
    stopped = Bedrock(stopping, guardrail).stream(call)  # type: ignore[arg-type]

    assert client.asked["guardrailConfig"]["streamProcessingMode"] == "sync"
    assert texts(client) == [['{"city": "Paris"}']]
    assert [type(piece) for piece in pieces] == [TextDelta, ToolCallStart, ToolCallDelta, Done]
    assert next(stopped) == TextDelta("I look.")
    with pytest.raises(errors.Blocked):
        next(stopped)


def test_without_a_guardrail_converse_is_given_none() -> None:
    content = {"message": {"content": [{"text": "yes"}]}}
    client = Converse({"stopReason": "end_turn", "output": content})

    Bedrock(client).complete(CALL)  # type: ignore[arg-type]

    assert "guardrailConfig" not in client.asked


def test_a_trace_that_says_nothing_is_still_a_block() -> None:
    assert of_trace({}) == "guardrail, output: no policy named"


@pytest.mark.parametrize(("guardrail", "via"), [(True, "lambda"), (False, "http")])
def test_no_plan_takes_the_http_task_round_the_guardrail(guardrail: bool, via: str) -> None:
    settings = config(guardrail=guardrail)
    asked, judged = request(), classification("CALCULATION")
    plan = decide(asked, judged, settings).plan()

    assert plan_to_json(asked, judged, plan, settings, 0, {})["via"] == via
