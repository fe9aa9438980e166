"""What a guardrail stops is BLOCKED whoever would have answered, and what was paid is kept."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from router import errors
from router.invocation.call import Answer, ModelCall
from router.providers.bedrock import Bedrock
from router.providers.guardrail import Guarded, Guardrail
from router.providers.guardrail_trace import of_trace
from router.routing.decision import decide
from router.routing.plan_json import plan_to_json
from tests.support.factories import classification, config, request

CALL = ModelCall("openai", "gpt-6-luna", ({"role": "user", "content": "ask"},), None, 99)
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
        return Answer("an answer", False, USAGE, "gpt-6-luna-1")


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


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "ApplyGuardrail")


def test_prompt_and_answer_pass_the_guardrail_of_the_deployment() -> None:
    provider, assessor = guarded(Model())

    assert provider.complete(CALL).text == "an answer"
    assert [asked["source"] for asked in assessor.seen] == ["INPUT", "OUTPUT"]
    assert [asked["content"][0]["text"]["text"] for asked in assessor.seen] == ["ask", "an answer"]
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


class Converse:
    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer, self.asked = answer, {}

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
