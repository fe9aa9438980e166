"""What providers do wrong, and what the rows and the bill say afterwards.

Each row of the table is one execution with one scripted fault; all run side by side. Time limits
are short here: 4 s for a model (240 s as deployed), 8 s for the HTTP Task (60 s on AWS).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator, states_entered
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator

HAIKU = "us.anthropic.claude-haiku-5-5"
SONNET = "us.anthropic.claude-sonnet-5-5"
LUNA = "gpt-6-luna"
SOL = "gpt-6-sol"
DIRECT = "claude-sonnet-5-5"
OLDER = "us.anthropic.claude-sonnet-5"
FIRST = {"SIMPLE": HAIKU, "CALCULATION": LUNA, "COMPLEX": SONNET}
FIRST_STATE = {"SIMPLE": "InvokeHaiku", "CALCULATION": "InvokeOpenAI", "COMPLEX": "InvokeSonnet"}
HTTP_200 = ("OK", "TRUNCATED", "REFUSED", "FILTERED", "BAD_RESPONSE")
WAIT = 120


@dataclass(frozen=True)
class Fault:
    """A fault on the first model of a tier, or on `every_model`, and the attempts it must leave.

    `attempts` are (model, outcome, cause, retries, cost status); the last one serves if `status`
    says so.
    """

    name: str
    tier: str
    action: Mapping[str, Any]
    status: str
    attempts: list[tuple[str, str, str | None, int, str]]
    count: int | None = None
    every_model: bool = False
    again: int = 0  # calls of the HTTP Task that the workflow's own states sent once more

    @property
    def prompt(self) -> str:
        return f"fault {self.name}."  # no name is the beginning of another's prompt

    @property
    def rule(self) -> dict[str, Any]:
        model = {} if self.every_model else {"model": FIRST[self.tier]}
        return {"match": {"contains": self.prompt, **model}, "count": self.count, **self.action}

    @property
    def answered(self) -> bool:
        return self.status in ("SUCCEEDED", "TRUNCATED")

    @property
    def path(self) -> list[str]:
        """The states that the run must enter after the plan is made."""
        states: list[str] = []
        for _ in range(self.again):
            states += [FIRST_STATE[self.tier], "PlanNextStep", "NextStep", "AskAgainLater"]
        for number, (_, outcome, *_) in enumerate(self.attempts):
            states.append(FIRST_STATE[self.tier] if number == 0 else "InvokeModel")
            if states[-1] == "InvokeOpenAI" and outcome in HTTP_200:
                states.append("RecordAnswer")
            if outcome not in ("OK", "TRUNCATED"):
                states += ["PlanNextStep", "NextStep"]
        return [*states, *([] if self.answered else ["NotifyFailure", "RequestFailed"])]


def served(model: str, outcome: str = "OK", retries: int = 0, cost: str = "PRICED") -> Any:
    return (model, outcome, None, retries, cost)


TOO_LONG = {"status": 400, "code": "ValidationException", "message": "Input is too long."}
THROTTLED = {"status": 429, "code": "ThrottlingException", "message": "Too many requests"}
FAULTS = [
    Fault("throttled-once", "SIMPLE", THROTTLED, "SUCCEEDED",
          [served(HAIKU, retries=1)], count=1),
    Fault("throttled-for-good", "SIMPLE", THROTTLED, "SUCCEEDED",
          [(HAIKU, "THROTTLED", "Throttled", 3, "PRICED"), served(SONNET)]),
    Fault("overloaded", "SIMPLE", {"status": 503, "code": "ServiceUnavailableException"},
          "SUCCEEDED", [(HAIKU, "OVERLOADED", "Overloaded", 3, "PRICED"), served(SONNET)]),
    Fault("server-error", "SIMPLE", {"status": 500, "code": "InternalServerException"},
          "SUCCEEDED", [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(SONNET)]),
    Fault("denied", "SIMPLE", {"status": 403, "code": "AccessDeniedException"},
          "FAILED", [(HAIKU, "REJECTED", "AccessDenied", 0, "PRICED")]),
    Fault("unknown-model", "SIMPLE", {"status": 404, "code": "ResourceNotFoundException"},
          "FAILED", [(HAIKU, "REJECTED", "ModelNotFound", 0, "PRICED")]),
    Fault("too-long", "SIMPLE", TOO_LONG, "FAILED",
          [(HAIKU, "REJECTED", "ContextTooLong", 0, "PRICED")]),
    Fault("too-large", "SIMPLE", {"status": 413}, "FAILED",
          [(HAIKU, "REJECTED", "ContextTooLong", 0, "PRICED")]),
    Fault("dropped", "SIMPLE", {"fault": "drop"},
          "SUCCEEDED", [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(SONNET)]),
    Fault("html", "SIMPLE", {"fault": "html", "status": 200},
          "SUCCEEDED", [(HAIKU, "BAD_RESPONSE", "BadResponse", 0, "UNKNOWN"), served(SONNET)]),
    Fault("half-a-body", "SIMPLE", {"fault": "half"},
          "SUCCEEDED", [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(SONNET)]),
    Fault("empty", "SIMPLE", {"fault": "empty"},
          "SUCCEEDED", [(HAIKU, "BAD_RESPONSE", "BadResponse", 0, "PRICED"), served(SONNET)]),
    Fault("bad-gateway", "SIMPLE", {"fault": "html"},
          "SUCCEEDED", [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(SONNET)]),
    Fault("slow", "SIMPLE", {"delay_ms": 12000},
          "SUCCEEDED", [(HAIKU, "UNKNOWN", "ModelTimeout", 0, "UNKNOWN"), served(SONNET)]),
    Fault("nobody-has-room", "SIMPLE", THROTTLED, "FAILED",
          [(HAIKU, "THROTTLED", "Throttled", 3, "PRICED"),
           (SONNET, "THROTTLED", "Throttled", 3, "PRICED")], every_model=True),
    Fault("nobody-is-well", "SIMPLE", {"status": 500, "code": "InternalServerException"}, "FAILED",
          [(HAIKU, "UNKNOWN", "ModelError", 0, "UNKNOWN"),
           (SONNET, "UNKNOWN", "ModelError", 0, "UNKNOWN")], every_model=True),
    Fault("everybody-refuses", "SIMPLE", {"ending": "filter"}, "FILTERED",
          [(HAIKU, "FILTERED", "Filtered", 0, "PRICED"),
           (SONNET, "FILTERED", "Filtered", 0, "PRICED")], every_model=True),
    Fault("filtered", "SIMPLE", {"ending": "filter"},
          "SUCCEEDED", [(HAIKU, "FILTERED", "Filtered", 0, "PRICED"), served(SONNET)]),
    Fault("guardrail", "SIMPLE", {"ending": "guardrail"},
          "BLOCKED", [(HAIKU, "BLOCKED", "Blocked", 0, "PRICED")]),
    Fault("truncated", "SIMPLE", {"ending": "length"}, "TRUNCATED", [served(HAIKU, "TRUNCATED")]),
    Fault("no-usage", "SIMPLE", {"fault": "no_usage"},
          "SUCCEEDED", [served(HAIKU, cost="UNKNOWN")]),
    Fault("nonsense-usage", "SIMPLE",
          {"usage": {"inputTokens": -5, "outputTokens": 3, "totalTokens": -2}},
          "SUCCEEDED", [served(HAIKU, cost="INVALID_USAGE")]),
    Fault("openai-throttled", "CALCULATION", {"status": 429},
          "SUCCEEDED", [(LUNA, "THROTTLED", "Throttled", 3, "PRICED"), served(SONNET)], again=3),
    Fault("openai-throttled-once", "CALCULATION", {"status": 429},
          "SUCCEEDED", [served(LUNA, retries=1)], count=1, again=1),
    Fault("openai-quota-used-up", "CALCULATION", {"status": 429, "code": "insufficient_quota"},
          "SUCCEEDED", [(LUNA, "REJECTED", "QuotaExhausted", 0, "PRICED"), served(SONNET)]),
    Fault("openai-server-error", "CALCULATION", {"status": 500}, "SUCCEEDED",
          [(LUNA, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-dropped", "CALCULATION", {"fault": "drop"}, "SUCCEEDED",
          [(LUNA, "UNKNOWN", "States.Http.Socket", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-unauthorized", "CALCULATION", {"status": 401}, "FAILED",
          [(LUNA, "REJECTED", "AccessDenied", 0, "PRICED")]),
    Fault("openai-unpaid", "CALCULATION", {"status": 402}, "FAILED",
          [(LUNA, "REJECTED", "AccessDenied", 0, "PRICED")]),
    Fault("openai-too-late", "CALCULATION", {"status": 408}, "SUCCEEDED",
          [(LUNA, "UNKNOWN", "ModelTimeout", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-conflict", "CALCULATION", {"status": 409}, "FAILED",
          [(LUNA, "REJECTED", "InvalidModelRequest", 0, "PRICED")]),
    Fault("openai-too-large", "CALCULATION", {"status": 413}, "FAILED",
          [(LUNA, "REJECTED", "ContextTooLong", 0, "PRICED")]),
    Fault("openai-unprocessable", "CALCULATION", {"status": 422}, "FAILED",
          [(LUNA, "REJECTED", "InvalidModelRequest", 0, "PRICED")]),
    Fault("openai-not-for-you", "CALCULATION", {"status": 451}, "FAILED",
          [(LUNA, "REJECTED", "AccessDenied", 0, "PRICED")]),
    Fault("openai-overloaded", "CALCULATION", {"status": 529}, "SUCCEEDED",
          [(LUNA, "OVERLOADED", "Overloaded", 3, "PRICED"), served(SONNET)]),
    Fault("openai-html", "CALCULATION", {"fault": "html", "status": 200}, "SUCCEEDED",
          [(LUNA, "BAD_RESPONSE", "BadResponse", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-half-a-body", "CALCULATION", {"fault": "half"}, "SUCCEEDED",
          [(LUNA, "UNKNOWN", "States.Http.Socket", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-hangs", "CALCULATION", {"delay_ms": 20000}, "SUCCEEDED",
          [(LUNA, "UNKNOWN", "States.Http.Socket", 0, "UNKNOWN"), served(SONNET)]),
    Fault("openai-no-usage", "CALCULATION", {"fault": "no_usage"}, "SUCCEEDED",
          [served(LUNA, cost="UNKNOWN")]),
    Fault("openai-empty", "CALCULATION", {"fault": "empty"}, "SUCCEEDED",
          [(LUNA, "BAD_RESPONSE", "BadResponse", 0, "PRICED"), served(SONNET)]),
    Fault("openai-refusal", "CALCULATION", {"ending": "refusal"}, "SUCCEEDED",
          [(LUNA, "REFUSED", "Refused", 0, "PRICED"), served(SONNET)]),
    Fault("openai-filtered", "CALCULATION", {"ending": "filter"}, "SUCCEEDED",
          [(LUNA, "FILTERED", "Filtered", 0, "PRICED"), served(SONNET)]),
    Fault("openai-truncated", "CALCULATION", {"ending": "length"}, "TRUNCATED",
          [served(LUNA, "TRUNCATED")]),
    Fault("complex-throttled", "COMPLEX", THROTTLED, "SUCCEEDED",
          [(SONNET, "THROTTLED", "Throttled", 3, "PRICED"), served(DIRECT)]),
    Fault("complex-overloaded", "COMPLEX",
          {"status": 503, "code": "ServiceUnavailableException"}, "SUCCEEDED",
          [(SONNET, "OVERLOADED", "Overloaded", 3, "PRICED"), served(DIRECT)]),
    Fault("complex-slow", "COMPLEX", {"delay_ms": 12000}, "SUCCEEDED",
          [(SONNET, "UNKNOWN", "ModelTimeout", 0, "UNKNOWN"), served(DIRECT)]),
    Fault("complex-too-long", "COMPLEX", TOO_LONG, "SUCCEEDED",
          [(SONNET, "REJECTED", "ContextTooLong", 0, "PRICED"), served(SOL)]),
    Fault("complex-refused", "COMPLEX", {"ending": "filter"}, "SUCCEEDED",
          [(SONNET, "FILTERED", "Filtered", 0, "PRICED"), served(SOL)]),
    Fault("complex-error", "COMPLEX", {"status": 500, "code": "InternalServerException"},
          "SUCCEEDED", [(SONNET, "UNKNOWN", "ModelError", 0, "UNKNOWN"), served(OLDER)]),
    Fault("complex-overloaded-everywhere", "COMPLEX", {"status": 429}, "FAILED",
          [(SONNET, "THROTTLED", "Throttled", 3, "PRICED"),
           (DIRECT, "THROTTLED", "Throttled", 3, "PRICED"),
           (OLDER, "THROTTLED", "Throttled", 3, "PRICED")], every_model=True),
]  # fmt: skip


@dataclass(frozen=True)
class Seen:
    traced: client.Traced
    run: Mapping[str, Any]
    entered: list[str]
    wire_calls: int


@pytest.fixture(scope="module")
def seen(deployment: Deployment, emulator: Emulator) -> Iterator[dict[str, Seen]]:
    simulator = Simulator(deployment.cloud.simulator_url)
    simulator.script(*(fault.rule for fault in FAULTS))
    before = len(simulator.calls())
    requests = [{"input": fault.prompt, "tier": fault.tier} for fault in FAULTS]
    with emulator.settings("invoke_model", MODEL_TIMEOUT_SECONDS="4"):
        arns = client.start(deployment, requests)
        runs = [client.wait_for_execution(deployment, arn, WAIT) for arn in arns]
    traces = client.wait_until_settled(deployment, [run["name"] for run in runs], WAIT)
    yield {
        fault.name: Seen(
            traced,
            run,
            states_entered(deployment, run["executionArn"]),
            len(simulator.calls_with(fault.prompt, before)),
        )
        for fault, traced, run in zip(FAULTS, traces, runs, strict=True)
    }
    simulator.clear_script()


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name)
def fault(request: pytest.FixtureRequest) -> Fault:
    found: Fault = request.param
    return found


@pytest.fixture(autouse=True)
def told(fault: Fault, seen: dict[str, Seen], tell: Tell) -> None:
    where = "every model" if fault.every_model else fault.attempts[0][0]
    times = "once" if fault.count == 1 else "each time"
    injected = ", ".join(f"{name} {value}" for name, value in fault.action.items())
    told = tell(fault.name, f"{where}, {times}: {injected}", " > ".join(fault.path))
    told.found(seen[fault.name].traced)


def test_the_request_ends_as_the_fault_demands(fault: Fault, seen: dict[str, Seen]) -> None:
    traced, run = seen[fault.name].traced, seen[fault.name].run

    assert traced.settled
    assert traced.request["status"] == fault.status
    assert run["status"] == ("SUCCEEDED" if fault.answered else "FAILED")
    if fault.answered:
        assert traced.request["planned_model"] == fault.attempts[0][0]
        assert traced.request["model"] == fault.attempts[-1][0]
        why = fault.attempts[0][2] if len(fault.attempts) > 1 else None
        assert traced.request.get("fallback_cause") == why
        assert traced.output
    else:
        assert run["error"] == traced.request["cause"] == fault.attempts[-1][2]
        assert "model" not in traced.request


def test_the_run_takes_the_expected_path(fault: Fault, seen: dict[str, Seen]) -> None:
    assert seen[fault.name].entered == ["AnalyzeComplexity", "RouteByComplexity", *fault.path]


def test_the_row_counts_every_state_that_was_entered_and_every_retry(
    fault: Fault, seen: dict[str, Seen]
) -> None:
    found = seen[fault.name]
    retries = sum(row["retries"] for row in found.traced.attempts)

    assert found.traced.request["transitions"] == len(found.entered) + retries - fault.again


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
