"""What providers do wrong, and what the rows and the bill say afterwards.

Each row of the table is one execution with one scripted fault; all run side by side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from local import routing
from local.deployment import Deployment
from tests.local_cloud.simulator import Simulator

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"
LUNA = "gpt-6-luna"
WAIT = 120


@dataclass(frozen=True)
class Fault:
    """A fault on the first model of a tier, and the attempts it must leave.

    `attempts` are (model, outcome, cause, retries, cost status); the last one serves if `status`
    says so.
    """

    name: str
    tier: str
    action: Mapping[str, Any]
    status: str
    attempts: list[tuple[str, str, str | None, int, str]]
    count: int | None = None
    transitions: int | None = field(default=None)

    @property
    def prompt(self) -> str:
        return f"fault {self.name}"


def served(model: str, outcome: str = "OK", retries: int = 0, cost: str = "PRICED") -> Any:
    return (model, outcome, None, retries, cost)


THROTTLED = {"status": 429, "code": "ThrottlingException", "message": "Too many requests"}
FAULTS = [
    Fault("throttled-once", "SIMPLE", THROTTLED, "SUCCEEDED",
          [served(HAIKU, retries=1)], count=1, transitions=5),
    Fault("throttled-for-good", "SIMPLE", THROTTLED, "SUCCEEDED",
          [(HAIKU, "THROTTLED", "Throttled", 3, "PRICED"), served(SONNET)], transitions=9),
    Fault("overloaded", "SIMPLE", {"status": 503, "code": "ServiceUnavailableException"},
          "SUCCEEDED", [(HAIKU, "OVERLOADED", "Overloaded", 3, "PRICED"), served(SONNET)]),
    Fault("server-error", "SIMPLE", {"status": 500, "code": "InternalServerException"},
          "SUCCEEDED", [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(SONNET)]),
    Fault("denied", "SIMPLE", {"status": 403, "code": "AccessDeniedException"},
          "FAILED", [(HAIKU, "REJECTED", "AccessDenied", 0, "PRICED")], transitions=7),
    Fault("unknown-model", "SIMPLE", {"status": 404, "code": "ResourceNotFoundException"},
          "FAILED", [(HAIKU, "REJECTED", "ModelNotFound", 0, "PRICED")]),
    Fault("too-long", "SIMPLE",
          {"status": 400, "code": "ValidationException", "message": "Input is too long."},
          "SUCCEEDED", [(HAIKU, "REJECTED", "ContextTooLong", 0, "PRICED"), served(SONNET)]),
    Fault("dropped", "SIMPLE", {"fault": "drop"},
          "SUCCEEDED", [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(SONNET)]),
    Fault("html", "SIMPLE", {"fault": "html", "status": 200},
          "SUCCEEDED", [(HAIKU, "BAD_RESPONSE", "BadResponse", 0, "UNKNOWN"), served(SONNET)]),
    Fault("filtered", "SIMPLE", {"ending": "filter"},
          "SUCCEEDED", [(HAIKU, "FILTERED", "Filtered", 0, "PRICED"), served(SONNET)]),
    Fault("guardrail", "SIMPLE", {"ending": "guardrail"},
          "SUCCEEDED", [(HAIKU, "BLOCKED", "Blocked", 0, "PRICED"), served(SONNET)]),
    Fault("truncated", "SIMPLE", {"ending": "length"}, "TRUNCATED", [served(HAIKU, "TRUNCATED")]),
    Fault("no-usage", "SIMPLE", {"fault": "no_usage"},
          "SUCCEEDED", [served(HAIKU, cost="UNKNOWN")]),
    Fault("nonsense-usage", "SIMPLE",
          {"usage": {"inputTokens": -5, "outputTokens": 3, "totalTokens": -2}},
          "SUCCEEDED", [served(HAIKU, cost="INVALID_USAGE")]),
    Fault("openai-throttled", "CALCULATION", {"status": 429},
          "SUCCEEDED", [(LUNA, "THROTTLED", "Throttled", 3, "PRICED"), served(SONNET)]),
    Fault("openai-server-error", "CALCULATION", {"status": 500}, "SUCCEEDED",
          [(LUNA, "UNKNOWN", "States.Http.StatusCode.500", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-dropped", "CALCULATION", {"fault": "drop"}, "SUCCEEDED",
          [(LUNA, "UNKNOWN", "States.Http.Socket", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-unauthorized", "CALCULATION", {"status": 401}, "FAILED",
          [(LUNA, "REJECTED", "AccessDenied", 0, "PRICED")]),
    Fault("openai-empty", "CALCULATION", {"fault": "empty"}, "SUCCEEDED",
          [(LUNA, "BAD_RESPONSE", "BadResponse", 0, "PRICED"), served(SONNET)], transitions=7),
    Fault("openai-refusal", "CALCULATION", {"ending": "refusal"}, "SUCCEEDED",
          [(LUNA, "REFUSED", "Refused", 0, "PRICED"), served(SONNET)]),
    Fault("openai-filtered", "CALCULATION", {"ending": "filter"}, "SUCCEEDED",
          [(LUNA, "FILTERED", "Filtered", 0, "PRICED"), served(SONNET)]),
    Fault("openai-truncated", "CALCULATION", {"ending": "length"}, "TRUNCATED",
          [served(LUNA, "TRUNCATED")]),
]  # fmt: skip
FIRST = {"SIMPLE": HAIKU, "CALCULATION": LUNA}


@dataclass(frozen=True)
class Seen:
    traced: routing.Traced
    run: Mapping[str, Any]
    wire_calls: int


@pytest.fixture(scope="module")
def seen(deployment: Deployment) -> Iterator[dict[str, Seen]]:
    simulator = Simulator(deployment.cloud.simulator_url)
    simulator.script(
        *(
            {
                "match": {"model": FIRST[fault.tier], "contains": fault.prompt},
                "count": fault.count,
                **fault.action,
            }
            for fault in FAULTS
        )
    )
    arns = routing.start(
        deployment, [{"input": fault.prompt, "tier": fault.tier} for fault in FAULTS]
    )
    runs = [routing.wait_for_execution(deployment, arn, WAIT) for arn in arns]
    traces = routing.wait_until_settled(deployment, [run["name"] for run in runs], WAIT)
    yield {
        fault.name: Seen(traced, run, len(simulator.calls_with(fault.prompt)))
        for fault, traced, run in zip(FAULTS, traces, runs, strict=True)
    }
    simulator.clear_script()


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name)
def fault(request: pytest.FixtureRequest) -> Fault:
    found: Fault = request.param
    return found


def test_the_request_ends_as_the_fault_demands(fault: Fault, seen: dict[str, Seen]) -> None:
    traced, run = seen[fault.name].traced, seen[fault.name].run

    assert traced.settled
    assert traced.request["status"] == fault.status
    assert run["status"] == ("FAILED" if fault.status == "FAILED" else "SUCCEEDED")
    if fault.status == "FAILED":
        assert run["error"] == traced.request["cause"] == fault.attempts[-1][2]
    else:
        assert traced.request["model"] == fault.attempts[-1][0]
        assert traced.output
    if fault.transitions:
        assert traced.request["transitions"] == fault.transitions


def test_every_attempt_stands_on_a_row_with_its_cause_and_cost(
    fault: Fault, seen: dict[str, Seen]
) -> None:
    rows = seen[fault.name].traced.attempts

    assert [
        (row["model"], row["outcome"], row.get("cause"), int(row["retries"]), row["cost_status"])
        for row in rows
    ] == fault.attempts
    for row in rows:
        assert ("cost_usd" in row) == (row["cost_status"] == "PRICED")
        assert ("upper_estimate_usd" in row) == (row["cost_status"] == "UNKNOWN")


def test_every_call_on_the_wire_is_accounted_for(fault: Fault, seen: dict[str, Seen]) -> None:
    rows = seen[fault.name].traced.attempts

    assert seen[fault.name].wire_calls == sum(1 + row["retries"] for row in rows)
