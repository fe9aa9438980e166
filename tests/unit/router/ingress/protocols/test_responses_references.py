"""Items that a client of Responses names in place of sending them: the AI SDK's default."""

from __future__ import annotations

from typing import Any

import pytest

from router.conversation.blocks import Reasoning, ToolCall
from router.conversation.said import Said
from router.conversation.tools import read_conversation
from router.errors import InvalidRequest
from router.ingress.protocols import openai_responses
from router.ingress.protocols.responses_references import with_items
from tests.fakes.api import Aws, Client

THOUGHT = Reasoning("hm", "sig", by="bedrock/x")
SAID = Said("I look.", (ToolCall("c1", "f", '{"a": 1}'),), (THOUGHT,))
ASK = {"role": "user", "content": "hi"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "18"}


def named(item_id: str) -> dict[str, str]:
    return {"type": "item_reference", "id": item_id}


def kept(request_id: str) -> Said | None:
    return SAID if request_id == "r_1" else None


def body(*items: Any) -> dict[str, Any]:
    return {"model": "auto", "input": [ASK, *items]}


def test_named_items_are_those_of_the_answer() -> None:
    given = body(named("rs_r_1_0"), named("msg_r_1_0"), named("fc_r_1_0"), RESULT)

    turns = read_conversation(openai_responses.to_request(with_items(given, kept))).turns

    assert [turn.role for turn in turns] == ["user", "assistant", "tool"]
    assert turns[1].text == "I look."
    assert turns[1].calls == SAID.calls
    assert turns[1].blocks[0] == THOUGHT


def test_an_answer_is_looked_up_once_however_many_of_its_items_are_named() -> None:
    looked_up: list[str] = []

    def look(request_id: str) -> Said | None:
        looked_up.append(request_id)
        return SAID

    with_items(body(named("rs_r_1_0"), named("msg_r_1_0"), ASK), look)

    assert looked_up == ["r_1"]


@pytest.mark.parametrize("item_id", ["msg_r_2_0", "fc_r_1_7", "resp_r_1", "", None, 3])
def test_an_item_that_is_not_kept_is_refused_with_what_to_send(item_id: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"`input\[1\]` refers to an item .* `store` false"):
        with_items(body({"type": "item_reference", "id": item_id}), kept)


@pytest.mark.parametrize("given", [None, 3, [], {"input": "hi"}, {"input": [3], "tools": 3}])
def test_a_body_without_them_is_left_as_it_is(given: Any) -> None:
    assert with_items(given, kept) is given


def test_the_api_knows_the_items_of_its_own_answers_and_of_no_other_tenants() -> None:
    client = Client(Aws())
    asked = {"model": "auto", "input": "Name a city."}
    _, first, _ = client.call("POST", "/responses", asked)
    [item] = first["output"]
    again = {"model": "auto", "input": [ASK, named(item["id"]), ASK]}

    status, _, _ = client.call("POST", "/responses", again)
    other, refused, _ = client.call("POST", "/responses", again, tenant="globex")

    assert status == 200
    assert (other, refused["error"]["type"]) == (400, "InvalidRequest")
    assert "refers to an item that is not kept here" in refused["error"]["message"]
