"""Tool calls: asked for in words, forced by a choice, ordered by a rule, and their results."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.local_patches.simulator.talk import APIS, NOTHING, WEATHER, Talk
from tests.local_patches.simulator.wire import SONNET, Wire


def parsed(arguments: Any) -> Any:
    return json.loads(arguments) if isinstance(arguments, str) else arguments


@pytest.mark.parametrize("api", APIS)
def test_a_loop_of_a_parallel_pair_and_a_third_call_ends_in_the_results(
    wire: Wire, api: str
) -> None:
    talk = Talk(
        wire,
        api,
        'call get_weather {"place": {"city": "Rome"}} and call ping, then call get_weather {}',
    )
    first = talk.ask()
    pair = talk.calls(first)
    talk.results(**{pair[0][0]: "18 degrees", pair[1][0]: "pong"})
    (third,) = talk.calls(talk.ask())
    talk.results(**{third[0]: "rain"})

    last = talk.ask()

    assert [name for _, name, _ in pair] == ["get_weather", "ping"]
    assert [parsed(arguments) for *_, arguments in pair] == [{"place": {"city": "Rome"}}, {}]
    assert talk.reason(first) in {"tool_use", "tool_calls", "completed"}
    assert len({each for each, *_ in (*pair, third)}) == 3
    assert "rain" in talk.text(last)
    assert not talk.calls(last)


@pytest.mark.parametrize("api", APIS)
def test_arguments_that_nobody_gave_fit_the_schema(wire: Wire, api: str) -> None:
    talk = Talk(wire, api, "What is the weather in Lisbon?")

    ((_, name, arguments),) = talk.calls(talk.ask())

    assert name == "get_weather"
    Draft202012Validator(WEATHER).validate(parsed(arguments))
    assert parsed(arguments)["place"]["city"] == "Lisbon"


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("choice", "name"), [("any", "get_weather"), ("ping", "ping")])
def test_a_forced_choice_brings_a_call(wire: Wire, api: str, choice: str, name: str) -> None:
    talk = Talk(wire, api, "Good morning!")

    ((_, made, _),) = talk.calls(talk.ask(choice))

    assert made == name


def test_without_a_reason_or_with_none_the_model_answers_in_text(wire: Wire) -> None:
    asked = "What is the weather in Paris?"

    assert not (talk := Talk(wire, "chat", "Good morning!")).calls(talk.ask())
    assert not (talk := Talk(wire, "chat", asked)).calls(talk.ask(tool_choice="none"))
    talk = Talk(wire, "message", asked)
    assert not talk.calls(talk.ask(tool_choice={"type": "none"}))


def test_one_call_at_a_time_if_that_is_asked(wire: Wire) -> None:
    both = "call ping and call get_weather {}"
    one = {"disable_parallel_tool_use": True, "type": "auto"}

    for api, more in (
        ("chat", {"parallel_tool_calls": False}),
        ("respond", {"parallel_tool_calls": False}),
        ("message", {"tool_choice": one}),
        ("converse", {"additionalModelRequestFields": {"tool_choice": one}}),
    ):
        talk = Talk(wire, api, both)
        assert len(talk.calls(talk.ask(**more))) == 1, api


@pytest.mark.parametrize("api", APIS)
def test_a_rule_orders_calls_beside_text(wire: Wire, api: str) -> None:
    order = {"name": "other", "arguments": {"n": [1, {"x": "ü"}]}, "id": "my_id-1"}
    wire.script({"text": "Let me look.", "calls": [order, {"name": "ping"}]})
    talk = Talk(wire, api, "q")

    answer = talk.ask()

    assert talk.text(answer) == "Let me look."
    ordered, plain = talk.calls(answer)
    assert (ordered[0], ordered[1], parsed(ordered[2])) == ("my_id-1", "other", order["arguments"])
    assert (plain[1], parsed(plain[2])) == ("ping", {})


def test_arguments_may_be_text_that_is_no_object(wire: Wire) -> None:
    for text in ("", '{"a": 1}{"b": 2}', '"text"', '{"a": '):
        wire.script({"calls": [{"name": "ping", "arguments": text}], "count": 2})

        chat, converse = Talk(wire, "chat", "q"), Talk(wire, "converse", "q")

        assert chat.calls(chat.ask())[0][2] == text
        assert converse.calls(converse.ask())[0][2] == {}


@pytest.mark.parametrize(
    ("api", "limit"),
    [
        ("chat", {"max_completion_tokens": 36}),
        ("converse", {"inferenceConfig": {"maxTokens": 5}}),
        ("message", {"max_tokens": 5}),
    ],
)
def test_arguments_are_cut_at_the_limit(wire: Wire, api: str, limit: dict[str, Any]) -> None:
    arguments = {"text": "word " * 60}
    wire.script({"calls": [{"name": "ping", "arguments": arguments}]})
    talk = Talk(wire, api, "q")

    answer = talk.ask(**limit)

    assert talk.reason(answer) in {"length", "max_tokens"}
    ((_, _, made),) = talk.calls(answer)
    if api == "chat":
        assert json.dumps(arguments).startswith(made)
        assert 0 < len(made) < 120
    else:
        assert made == {}


def test_definitions_and_results_are_input_tokens(wire: Wire) -> None:
    plain = wire.converse()["usage"]["inputTokens"]
    spec = {"toolSpec": {"name": "ping", "inputSchema": {"json": NOTHING}}}
    with_tool = wire.converse(toolConfig={"tools": [spec]})["usage"]["inputTokens"]

    assert with_tool - plain == -(-len("ping" + json.dumps(NOTHING)) // 4)


def test_sonnet_calls_after_its_thinking(wire: Wire) -> None:
    spec = {"toolSpec": {"name": "ping", "inputSchema": {"json": NOTHING}}}

    answer = wire.converse(SONNET, "call ping {}", toolConfig={"tools": [spec]})

    kinds = [next(iter(block)) for block in answer["output"]["message"]["content"]]
    assert kinds == ["reasoningContent", "toolUse"]
    assert answer["stopReason"] == "tool_use"


@pytest.mark.parametrize("calls", ["ping", [{"arguments": {}}], [5]])
def test_a_rule_with_unusable_calls_is_refused(wire: Wire, calls: Any) -> None:
    answer = wire.post("/_admin/script", {"calls": calls}, {})

    assert answer.status_code == 400
    assert "calls" in answer.json()["error"]
