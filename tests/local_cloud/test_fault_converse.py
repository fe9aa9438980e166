"""The faults of `test_faults` at the clients' protocols: the same rows, calls and bill.

Each fault is one completion, and one that streams; all run side by side. The function has retries
and fallbacks of its own, and no states to enter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import requests

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.door import Door, door_of
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_faults import FAULTS, HAIKU, LUNA, SONNET, WAIT, Fault

TENANT = "direct-faults"
WAYS = ("whole", "stream")
# The HTTP Task has one name for a broken socket and for a limit that has passed.
_CAUSES = {"openai-hangs": "ModelTimeout"}


@dataclass(frozen=True)
class Seen:
    """What a caller got, and what was written and called."""

    answer: requests.Response
    traced: client.Traced
    wire_calls: int


# A stream that has begun, if only to think, ends with its model: nobody else is asked.
_BEGUN: Mapping[str, tuple[str, list[Any]]] = {
    "half-a-body": ("FAILED", [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN")]),
    "openai-half-a-body": ("FAILED", [(LUNA, "UNKNOWN", "ModelError", 0, "UNKNOWN")]),
    "complex-refused": ("FILTERED", [(SONNET, "FILTERED", "Filtered", 0, "PRICED")]),
}


def expected(fault: Fault, way: str) -> tuple[str, list[Any]]:
    """Return the status and the attempts that a fault leaves, where no task makes the calls."""
    if way == "stream" and fault.name in _BEGUN:
        return _BEGUN[fault.name]
    cause = _CAUSES.get(fault.name, "ModelError")
    attempts = [
        (model, outcome, cause if why == "States.Http.Socket" else why, retries, cost)
        for model, outcome, why, retries, cost in fault.attempts
    ]
    if way == "stream" and fault.name == "html":  # an SDK that reads events knows no body
        attempts[0] = (HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN")
    return fault.status, attempts


@pytest.fixture(scope="module")
def seen(deployment: Deployment, emulator: Emulator) -> Iterator[dict[tuple[str, str], Seen]]:
    simulator = Simulator(deployment.cloud.simulator_url)
    door, mark = door_of(deployment, TENANT), uuid4().hex[:8]
    cases = [(fault, way) for fault in FAULTS for way in WAYS]
    prompts = {(f.name, way): f"{f.prompt} {way} {mark}" for f, way in cases}
    keys = {case: f"{case[0]}-{case[1]}-{mark}" for case in prompts}
    for fault, way in cases:
        rule = fault.rule
        contains = {**rule["match"], "contains": prompts[fault.name, way]}
        simulator.script({**rule, "match": contains})

    def ask(case: tuple[Fault, str]) -> requests.Response:
        fault, way = case
        return _asked(door, fault.tier, prompts[fault.name, way], keys[fault.name, way], way)

    with emulator.settings("converse", MODEL_TIMEOUT_SECONDS="4"), ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, cases))
    names = [keys[fault.name, way] for fault, way in cases]
    traces = client.wait_until_settled(deployment, names, WAIT, TENANT)
    yield {
        (fault.name, way): Seen(answer, traced, len(simulator.calls_with(prompts[fault.name, way])))
        for (fault, way), answer, traced in zip(cases, answers, traces, strict=True)
    }
    simulator.clear_script()


def _asked(door: Door, tier: str, prompt: str, key: str, way: str) -> requests.Response:
    body = {
        "model": tier,
        "messages": [{"role": "user", "content": prompt}],
        "stream": way == "stream",
    }
    return door.call("POST", "/chat/completions", body, headers={"idempotency-key": key})


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_leaves_the_rows_and_the_bill_that_it_leaves_in_the_workflow(
    fault: Fault, way: str, seen: dict[tuple[str, str], Seen], tell: Tell
) -> None:
    found = seen[fault.name, way]
    rows = found.traced.attempts
    told = tell(fault.name, "", "")
    begun = "; a stream that has begun ends there" if fault.name in _BEGUN else ""
    told.direct = f"the same rows and costs{begun}"
    status, attempts = expected(fault, way)

    assert found.traced.settled
    assert found.traced.request["status"] == status
    assert [
        (row["model"], row["outcome"], row.get("cause"), int(row["retries"]), row["cost_status"])
        for row in rows
    ] == attempts
    for row in rows:
        assert ("cost_usd" in row) == (row["cost_status"] == "PRICED")
        assert ("upper_estimate_usd" in row) == (row["cost_status"] == "UNKNOWN")
    assert found.traced.request["transitions"] == 0
    assert found.wire_calls == sum(1 + row["retries"] for row in rows)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_caller_has_the_answer_or_an_ordinary_status(
    fault: Fault, way: str, seen: dict[tuple[str, str], Seen]
) -> None:
    answer = seen[fault.name, way].answer
    status, attempts = expected(fault, way)

    if status == "FAILED" and fault.name in _BEGUN:
        assert "the model broke off" in answer.text
        assert "[DONE]" not in answer.text
        return
    if status == "FAILED":
        # Its id is the caller's own, and closed: nothing is worth sending again under it.
        cause = attempts[-1][2]
        assert answer.status_code == (413 if cause == "ContextTooLong" else 400), answer.text
        assert answer.json()["error"]["type"] == cause
        return
    assert answer.status_code == 200, answer.text
    finish = {"SUCCEEDED": "stop", "TRUNCATED": "length"}.get(status, "content_filter")
    assert f'"finish_reason":"{finish}"' in answer.text.replace(": ", ":")
    assert answer.text.endswith("data: [DONE]\n\n") == (way == "stream")
