"""A function that dies in the middle of a stream: one row, its call UNKNOWN, nothing reserved."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
import requests

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, make_older
from tests.local_cloud.direct_calls import direct, settled
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_guards import assert_sums, budget

LONG_AGO = "2026-01-01T00:00:00.000Z"
STORY = "The Rhine flows on and on. " * 12
# A rule of the simulator, what a client has read by then, and when the function dies.
DEATHS: dict[str, tuple[dict[str, Any], str, int]] = {
    "before the first event": ({"delay_ms": 6000}, "", 1500),
    "in its text": ({"text": STORY, "slow_ms": 300}, "The Rhine", 2500),
    "in a call of a tool": (
        {"calls": [{"name": "f", "arguments": {"text": STORY}}], "slow_ms": 300},
        '"tool_calls"',
        2500,
    ),
}  # fmt: skip


@pytest.mark.parametrize("moment", DEATHS)
def test_a_function_that_dies_in_a_stream_leaves_one_row_and_gives_its_reservation_back(
    moment: str, deployment: Deployment, emulator: Emulator, simulator: Simulator, tell: Tell
) -> None:
    direct(tell, "31 reservation-freed")
    direct(tell, "worker-killed", "swept: FAILED, the call UNKNOWN with its upper estimate")
    rule, read, after_ms = DEATHS[moment]
    prompt, key = f"Tell me of the Rhine. {uuid4()}", uuid4().hex
    simulator.script({"match": {"contains": prompt}, "count": None, **rule})
    door = door_of(deployment, "frugal")
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    emulator.kill("converse", after_ms=after_ms)

    seen = _until_it_breaks(door, prompt, key, tools if "tool" in moment else [])

    assert read in seen
    assert "[DONE]" not in seen
    assert '"finish_reason":"' not in seen
    assert client.trace(deployment, key, "frugal").request["status"] == "ACCEPTED"
    make_older(deployment, key, LONG_AGO, "frugal")
    emulator.sweep()
    traced = settled(deployment, key, "frugal")
    assert (traced.request["status"], traced.request["cause"]) == ("FAILED", "Abandoned")
    [attempt] = traced.attempts
    assert (attempt["outcome"], attempt["cost_status"]) == ("UNKNOWN", "UNKNOWN")
    assert attempt["charge_usd"] >= attempt["upper_estimate_usd"] > 0
    assert budget(emulator, "frugal")["reserved_usd"] == 0
    assert len(simulator.calls_with(prompt)) == 1
    assert_sums(deployment, emulator)


def _until_it_breaks(door: Door, prompt: str, key: str, tools: list[Any]) -> str:
    """Return what a client reads of a stream, however that ends."""
    body = {
        "model": "SIMPLE", "messages": [{"role": "user", "content": prompt}], "stream": True,
        "tools": tools,
    }  # fmt: skip
    headers = {"authorization": f"Bearer {door.key}", "idempotency-key": key}
    seen = b""
    with requests.Session() as session:
        session.trust_env = False
        url = f"{door.url}/chat/completions"
        with session.post(url, json=body, headers=headers, stream=True, timeout=60) as answer:
            try:
                for chunk in answer.iter_content(None):
                    seen += chunk
            except requests.RequestException:
                pass
    return seen.decode()
