"""An agent's session as Claude Code sends it: what it costs, and what its prompt cache keeps."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import anthropic
import pytest

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.reports import roll_up, session_partitions
from local import client
from local.deployment import Deployment
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.official import (
    CHAT_TOOLS,
    MESSAGES_TOOLS,
    anthropic_at,
    openai_at,
    result_of,
    three_calls,
)
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_stream import sums

TENANT = "in-sessions"
RULES = "Answer with what the tools have found. " * 80  # more than 512 tokens


@pytest.fixture(scope="module")
def door(deployment: Deployment) -> Door:
    return door_of(deployment, TENANT)


@pytest.fixture(scope="module")
def claude(door: Door) -> Iterator[anthropic.Anthropic]:
    with anthropic_at(door) as found:
        yield found


def loop(claude: anthropic.Anthropic, session: str) -> list[str]:
    """Let the model call tools until it answers; return the ids of the requests."""
    messages: list[Any] = [{"role": "user", "content": three_calls()}]
    ids = []
    while True:
        message = claude.messages.create(
            model="COMPLEX", max_tokens=2_000, messages=messages, tools=MESSAGES_TOOLS,
            system=RULES, metadata={"user_id": f"user_{'a1' * 32}_account__session_{session}"},
        )  # fmt: skip
        ids.append(message.id)
        results = [
            {"type": "tool_result", "tool_use_id": b.id, "content": result_of(b.name, b.input)}
            for b in message.content
            if b.type == "tool_use"
        ]
        if not results:
            return ids
        messages.append({"role": "assistant", "content": message.content})
        messages.append({"role": "user", "content": results})


def test_a_session_costs_what_its_calls_cost_and_reads_what_they_kept(
    deployment: Deployment, claude: anthropic.Anthropic
) -> None:
    session = str(uuid4())

    ids = loop(claude, session)

    traces = client.wait_until_settled(deployment, ids, 60, TENANT)
    rows = [row for traced in traces for row in traced.attempts]
    assert {row["session_id"] for row in rows} == {session}
    first, second, third = rows
    assert first.get("cache_write_5m_tokens", 0) == first.get("cache_read_tokens", 0) == 0
    assert second["cache_write_5m_tokens"] > 512
    assert third["cache_read_tokens"] == second["cache_write_5m_tokens"]
    store = LedgerStore(
        deployment.client("dynamodb"), deployment.usage_table, deployment.spend_table
    )
    days = {f"{datetime.now(UTC):%Y-%m-%d}", *(row["ended_at"][:10] for row in rows)}
    cells = store.cells_of_tenant(session_partitions(sorted(days)), TENANT, session)
    total = roll_up(cells, "session").total
    assert total["requests"] == len(ids)
    assert total["cost_usd"] == sum((row["cost_usd"] for row in rows), Decimal(0))
    assert sums(deployment).differences == ()


def test_a_session_named_in_the_header_reaches_rows_and_openai_takes_its_key(
    deployment: Deployment, door: Door, simulator: Simulator
) -> None:
    question = three_calls()
    with openai_at(door) as found:
        raw = found.chat.completions.with_raw_response.create(
            model="CALCULATION",
            messages=[{"role": "user", "content": question}],
            tools=CHAT_TOOLS,
            extra_headers={"x-faregate-session": "a chat of mine"},
        )

    name = raw.headers["x-faregate-request-id"]
    [traced] = client.wait_until_settled(deployment, [name], 60, TENANT)
    [attempt] = traced.attempts
    assert attempt["session_id"].startswith("s-")
    [call] = simulator.calls_with(question)
    assert call["status"] == 200  # with a `prompt_cache_key` in its body


def test_a_session_that_has_spent_its_limit_is_refused_and_others_are_not(door: Door) -> None:
    session = f"chat-{uuid4().hex}"
    asked = {"input": "Name a river.", "tier": "SIMPLE", "session_id": session}

    poor = door.call("POST", "/prompts", {**asked, "session": {"max_cost_usd": 0.0001}})
    rich = door.call("POST", "/prompts", {**asked, "session": {"max_cost_usd": 1}})

    assert poor.status_code == 402, poor.text
    assert "the session has spent" in poor.json()["error"]["message"]
    assert rich.status_code == 200, rich.text


@pytest.mark.parametrize("path", ["/prompts", "/chat/completions"])
def test_the_model_of_a_session_is_remembered_and_looked_up_for_its_next_turn(
    deployment: Deployment, door: Door, path: str
) -> None:
    session = f"chat-{uuid4().hex}"
    first = [{"role": "user", "content": RULES}]
    again = [*first, {"role": "assistant", "content": "Yes."}, {"role": "user", "content": "So?"}]
    if path == "/prompts":
        bodies = [{"messages": first, "tier": "COMPLEX"}, {"messages": again}]
        bodies = [body | {"session_id": session} for body in bodies]
        headers = {}
    else:
        bodies = [{"messages": first, "model": "COMPLEX"}, {"messages": again, "model": "auto"}]
        headers = {"x-faregate-session": session}

    asked = door.call("POST", path, bodies[0], headers=headers)
    [item] = deployment.client("dynamodb").batch_get_item(
        RequestItems={
            deployment.control_table: {"Keys": [{"key": {"S": f"session#{TENANT}/{session}"}}]}
        }
    )["Responses"][deployment.control_table]
    # It is read as the user asks again: who may not read it refuses the request.
    followed = door.call("POST", path, bodies[1], headers=headers)

    assert asked.status_code == 200, asked.text
    assert item["served_by"]["S"].startswith("bedrock/")
    assert followed.status_code == 200, followed.text
