"""A protocol's answer as it is written: nothing before the first word, an honest end after it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.conversation.blocks import ToolCall
from router.conversation.loop import tag_of, tagged_id
from router.errors import (
    AccessDenied,
    Blocked,
    Filtered,
    ModelError,
    ModelTimeout,
    Throttled,
)
from router.ingress.api.answers import dropped_header
from router.invocation.call import Answer
from router.routing.run_plan import Target
from tests.fakes.api import Aws, Client
from tests.support.factories import HAIKU, SONNET
from tests.support.runs import USAGE, run_plan

ASK = [{"role": "user", "content": "Name a city."}]
BODIES: dict[str, dict[str, Any]] = {
    "/chat/completions": {"model": "auto", "messages": ASK, "stream": True},
    "/messages": {"model": "auto", "max_tokens": 9, "messages": ASK, "stream": True},
    "/responses": {"model": "auto", "input": "Name a city.", "stream": True},
}
ENDS = {
    "/chat/completions": "data: [DONE]",
    "/messages": "event: message_stop",
    "/responses": "event: response.completed",
}
SPARE = Target("bedrock", SONNET, 4096, when=("throttled", "error"))


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def client(aws: Aws) -> Client:
    return Client(aws)


def row_of(aws: Aws) -> dict[str, Any]:
    [rows] = aws.rows.values()
    return rows["REQUEST"]


def words_of(events: str) -> list[str]:
    """The text of each chunk of a completion."""
    lines = [line[6:] for line in events.split("\n") if line.startswith("data: {")]
    chunks = [json.loads(line) for line in lines]
    return [c["choices"][0]["delta"]["content"] for c in chunks if c["choices"][0]["delta"]]


@pytest.mark.parametrize("path", BODIES)
def test_the_words_come_as_they_are_written_and_the_rows_are_those_of_a_whole_answer(
    path: str, aws: Aws, client: Client
) -> None:
    aws.says = [Answer("Paris is a city.", False, USAGE, HAIKU)]

    status, events, headers = client.stream(path, BODIES[path])

    assert (status, headers["content-type"]) == (200, "text/event-stream")
    assert ENDS[path] in events
    assert all(word in events for word in ("Paris ", "is ", "a ", "city."))
    assert (headers["x-faregate-model"], headers["x-faregate-tier"]) == (HAIKU, "SIMPLE")
    assert (row_of(aws)["status"], row_of(aws)["attempts"]) == ("SUCCEEDED", 1)
    [rows] = aws.rows.values()
    assert rows["ANSWER"]["output"] == "Paris is a city."


def test_the_cost_is_the_last_comment_of_the_stream(aws: Aws, client: Client) -> None:
    _, events, _ = client.stream("/chat/completions", BODIES["/chat/completions"])

    comments = [line for line in events.split("\n") if line.startswith(": ")]
    assert comments[-1].startswith(": x-faregate-cost-usd: 0.0")


def test_a_call_of_a_tool_carries_its_models_tag_in_the_stream_as_in_the_row(
    aws: Aws, client: Client
) -> None:
    aws.says = [Answer("", False, USAGE, HAIKU, calls=(ToolCall("c1", "f", "{}"),))]

    _, events, _ = client.stream("/chat/completions", BODIES["/chat/completions"])

    tagged = tagged_id("c1", tag_of("bedrock", HAIKU))
    assert f'"id":"{tagged}"' in events
    assert '"finish_reason":"tool_calls"' in events
    [rows] = aws.rows.values()
    assert json.loads(rows["ANSWER"]["said"])["tool_calls"][0]["id"] == tagged


def test_before_the_first_word_another_model_is_asked(aws: Aws, client: Client) -> None:
    aws.plan = run_plan(SPARE)
    aws.says = [ModelError("500")]

    status, events, headers = client.stream("/chat/completions", BODIES["/chat/completions"])

    assert (status, headers["x-faregate-model"]) == (200, SONNET)
    assert words_of(events) == ["", "Paris."]
    assert row_of(aws)["attempts"] == 2


def test_before_the_first_word_a_failure_is_an_ordinary_status(aws: Aws, client: Client) -> None:
    aws.says = [AccessDenied("403")]

    status, body, headers = client.stream("/messages", BODIES["/messages"])

    assert (status, headers["content-type"]) == (400, "application/json")
    assert json.loads(body)["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("error", [ModelError("500"), ModelTimeout("slow"), Throttled("429")])
def test_after_the_first_word_a_failure_is_an_event_and_nobody_else_is_asked(
    path: str, error: Any, aws: Aws, client: Client
) -> None:
    aws.plan = run_plan(SPARE)
    aws.says, aws.broken = [error], "Par is"

    status, events, _ = client.stream(path, BODIES[path])

    assert status == 200
    assert ENDS[path] not in events
    assert "the model broke off" in events
    assert len(aws.asked) == 1
    assert row_of(aws)["status"] == "FAILED"


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        ("/chat/completions", '"finish_reason":"content_filter"'),
        ("/messages", '"stop_reason":"refusal"'),
        ("/responses", '"reason":"content_filter"'),
    ],
)
@pytest.mark.parametrize(("error", "status"), [(Filtered, "FILTERED"), (Blocked, "BLOCKED")])
def test_an_answer_that_is_withheld_after_its_first_word_ends_as_such_and_is_no_error(
    path: str, ends: str, error: Any, status: str, aws: Aws, client: Client
) -> None:
    aws.plan = run_plan(SPARE)
    aws.says, aws.broken = [error("stopped")], "Par is"

    code, events, _ = client.stream(path, BODIES[path])

    assert code == 200
    assert ends in events
    assert "broke off" not in events
    assert len(aws.asked) == 1
    assert row_of(aws)["status"] == status
    assert aws.refusals == []


def test_the_same_request_again_is_answered_from_its_rows_as_a_stream(
    aws: Aws, client: Client
) -> None:
    first = client.stream("/chat/completions", BODIES["/chat/completions"])
    [rows] = aws.rows.values()
    rows["REQUEST"]["undelivered"] = True

    again = client.stream("/chat/completions", BODIES["/chat/completions"])

    assert len(aws.asked) == 1
    assert words_of(first[1]) == words_of(again[1]) == ["", "Paris."]


def test_what_was_dropped_is_named_in_a_header(aws: Aws, client: Client) -> None:
    plan = run_plan()
    aws.plan = type(plan).from_json(
        plan.to_json() | {"reasons": ["dropped temperature: claude does not take it", "x"]}
    )

    _, _, headers = client.stream("/chat/completions", BODIES["/chat/completions"])

    assert headers["x-faregate-dropped"] == "temperature"


MANAGED = {"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}, "top_k": 40}


@pytest.mark.parametrize("stream", [True, False])
def test_what_a_protocol_drops_is_named_in_the_same_header(stream: bool, client: Client) -> None:
    body = {**BODIES["/messages"], "stream": stream, **MANAGED}

    _, _, headers = client.call("POST", "/messages", body)

    assert headers["x-faregate-dropped"] == "context_management, top_k"


def test_a_deployment_that_drops_nothing_refuses_it_by_its_name(aws: Aws) -> None:
    client = Client(aws, unsupported_options="refuse")

    status, body, _ = client.call("POST", "/messages", {**BODIES["/messages"], **MANAGED})

    assert status == 400
    assert "`context_management` is not passed on to the models" in body["error"]["message"]
    assert not aws.asked


def test_a_header_names_no_more_than_it_has_room_for() -> None:
    header = dropped_header(["dropped seed: x"], [f"tools.f{n}.input_examples" for n in range(60)])

    assert header["x-faregate-dropped"].endswith("tools.f19.input_examples, and 41 more")


def test_the_models_are_the_names_that_a_request_may_have(client: Client) -> None:
    status, found, _ = client.call("GET", "/models")
    names = {model["id"]: model for model in found["data"]}

    assert status == 200
    assert set(names) == {"auto", "SIMPLE", "CALCULATION", "COMPLEX"}
    assert names["SIMPLE"]["model"] == HAIKU
    assert names["SIMPLE"]["usd_per_million_tokens"] == {"input": "1"}


def test_a_prompts_tokens_are_counted_without_a_model(aws: Aws, client: Client) -> None:
    body = {"model": "auto", "messages": [{"role": "user", "content": "x" * 400}]}

    status, found, _ = client.call("POST", "/messages/count_tokens", body)

    assert status == 200
    assert 100 <= found["input_tokens"] <= 120
    assert aws.asked == []
