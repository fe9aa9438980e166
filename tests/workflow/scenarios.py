"""What may happen to a request, as data: what is scripted, and what it must leave.

Both interpreters run it: moto's in `test_scenarios.py`, the local cloud's in
`tests/local_cloud/test_second_interpreter.py`. Expectations name no state: `paths.py` spells them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.workflow import paths
from tests.workflow.settings import CONFIG, DIRECT, HAIKU, LUNA, OLDER, SOL, SONNET

# Longer than any time limit of a model call, in either interpreter.
HANGS = {"delay_ms": 20_000}
THROTTLED = {"status": 429, "code": "ThrottlingException", "message": "Too many requests"}
OVERLOADED = {"status": 503, "code": "ServiceUnavailableException"}
BROKEN = {"status": 500, "code": "InternalServerException"}
TOO_LONG = {"status": 400, "code": "ValidationException", "message": "Input is too long."}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["city"],
    "properties": {"city": {"type": "string", "maxLength": 40}},
}
SURE = {
    **SCHEMA,
    "required": ["city", "sure"],
    "properties": {
        **SCHEMA["properties"],
        "sure": {"type": "number", "minimum": 0, "maximum": 1},
    },
}
FITS = json.dumps({"city": "Paris"})

Attempt = tuple[str, str, str | None, int]


@dataclass(frozen=True)
class Scenario:
    """A request, what happens to it, and what it leaves.

    `rules` are the provider simulator's, bound to this prompt. `attempts` are (model, outcome,
    cause, retries) in order. `status` is the REQUEST row's, None where nothing was accepted, and
    `error` the cause of its end where that is not its last attempt's. `earlier` requests run first.
    `again` is how often the HTTP Task's first call was sent again by the workflow's states.
    `human` answers the review: approve, reject, edit, or `nobody` until the time is over, or
    `abort`s the run. `route` and `end` are words of `paths.py`, where tier and status do not say
    them; `entered` are states in place of a path, `retries` those of states that call no model.

    What the local cloud cannot be made to do, the second interpreter does alone: `functions` are
    errors of Lambda to come by function, `unusable` reasons why the connection cannot be used,
    `writes` errors of the transactions that end a request, `meanwhile` what becomes of the run
    during its first call, `settings` another configuration.
    """

    name: str
    tier: str
    attempts: Sequence[Attempt]
    rules: Sequence[Mapping[str, Any]] = ()
    status: str | None = "SUCCEEDED"
    error: str | None = None
    end: str | None = None
    route: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    earlier: Sequence[Mapping[str, Any]] = ()
    human: str | None = None
    again: int = 0
    entered: Sequence[str] | None = None
    retries: Sequence[tuple[str, int]] = ()
    functions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unusable: Sequence[str] = ()
    writes: Sequence[str] = ()
    meanwhile: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False

    @property
    def prompt(self) -> str:
        return f"scenario {self.name}."  # no name is the beginning of another's prompt

    @property
    def input(self) -> dict[str, Any]:
        return {"input": self.prompt, "tier": self.tier, **self.request}

    @property
    def scripted(self) -> list[dict[str, Any]]:
        """The rules, bound to the prompt; each holds for all calls if it does not say how many."""
        return [
            {"count": None, **rule, "match": {"contains": self.prompt, **rule.get("match", {})}}
            for rule in self.rules
        ]

    @property
    def served(self) -> bool:
        return self.status in ("SUCCEEDED", "TRUNCATED")

    @property
    def path(self) -> list[str]:
        """The states that it must enter, in order."""
        if self.entered is not None:
            return list(self.entered)
        end = self.end or ("answered" if self.served else "failed")
        review = self.human and ("dead" if self.human == "abort" else "decided")
        outcomes = [outcome for _, outcome, *_ in self.attempts]
        return paths.path(self.route or self.tier, outcomes, end, review, self.again)

    @property
    def retried(self) -> list[str]:
        """The states that it must retry, each as often as it does."""
        first = [paths.FIRST[self.route or self.tier]]
        states = first + [paths.NEXT_CALL] * (len(self.attempts) - 1)
        of_states = [
            times - (0 if n else self.again) for n, (*_, times) in enumerate(self.attempts)
        ]
        own = zip(states, of_states, strict=False)
        retries = [*self.retries, *([] if self.known else own)]
        return [state for state, times in retries for _ in range(times)]

    @property
    def known(self) -> bool:
        """Whether nobody is called: its answer is known."""
        return self.entered == paths.KNOWN

    @property
    def cause(self) -> str | None:
        """What the run's error and the REQUEST row must name."""
        return self.error or (None if self.served else self.attempts[-1][2])

    @property
    def run_status(self) -> str:
        if "abort" in (self.meanwhile, self.human):
            return "ABORTED"
        if self.meanwhile == "time out":
            return "TIMED_OUT"
        return "SUCCEEDED" if self.served and not self.error else "FAILED"

    @property
    def serving(self) -> list[int]:
        """Which of its attempts served: the last one, if one did."""
        return [int(self.served and it is self.attempts[-1]) for it in self.attempts]

    @property
    def second_alone(self) -> bool:
        """Whether the local cloud cannot show it."""
        orders = (self.functions, self.unusable, self.writes, self.meanwhile, self.settings)
        return self.alone or any(orders)


def _ok(model: str, outcome: str = "OK", retries: int = 0) -> Attempt:
    return (model, outcome, None, retries)


def _unknown(model: str, cause: str = "ModelError") -> Attempt:
    return (model, "UNKNOWN", cause, 0)


def _first(action: Mapping[str, Any], model: str = HAIKU, **more: Any) -> list[dict[str, Any]]:
    return [{"match": {"model": model}, **action, **more}]


def _http_status(
    status: int, attempt: tuple[str, str, int], served: bool, again: int = 0
) -> Scenario:
    """Return what a status of the HTTP Task's endpoint leads to."""
    outcome, cause, retries = attempt
    first = (LUNA, outcome, cause, retries)
    return Scenario(
        f"http-{status}", "CALCULATION", [first, _ok(SONNET)] if served else [first],
        _first({"status": status}, LUNA), "SUCCEEDED" if served else "FAILED", again=again,
    )  # fmt: skip


def _broken_status(status: int) -> Scenario:
    return _http_status(status, ("UNKNOWN", "ModelError", 0), True)


def _converse(text: str) -> dict[str, Any]:
    """Return a body of Bedrock's Converse: its model may say more than the simulator's would."""
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 9, "outputTokens": 7, "totalTokens": 16},
        "metrics": {"latencyMs": 1},
    }


def _completion(text: str) -> dict[str, Any]:
    """Return a body of OpenAI's chat completions."""
    message = {"role": "assistant", "content": text, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": LUNA,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 7, "total_tokens": 16},
    }


def _calculated_by(provider: str, model: str, max_tokens: int) -> dict[str, Any]:
    """Return a configuration with another model for the CALCULATION tier."""
    tier = {"provider": provider, "model": model, "max_tokens": max_tokens, "fallbacks": []}
    return {"tiers": {**CONFIG["tiers"], "CALCULATION": tier}}


ROUTES = [
    Scenario("simple", "SIMPLE", [_ok(HAIKU)]),
    Scenario("complex", "COMPLEX", [_ok(SONNET)]),
    Scenario("calculation", "CALCULATION", [_ok(LUNA)]),
    Scenario("checked-calculation", "CALCULATION", [_ok(LUNA)], [{"text": FITS}], route="SDK",
             request={"response_schema": SCHEMA}),
    Scenario("long-calculation", "CALCULATION", [_ok(LUNA)], route="SDK",
             settings=_calculated_by("openai", LUNA, 9000)),
    Scenario("calculation-on-bedrock", "CALCULATION", [_ok(OLDER)], route="SDK",
             settings=_calculated_by("bedrock", OLDER, 4096)),
    Scenario("calculation-by-anthropic", "CALCULATION", [_ok(DIRECT)], route="SDK",
             settings=_calculated_by("anthropic", DIRECT, 4096)),
    Scenario("conversation", "SIMPLE", [_ok(HAIKU)], request={
        "system": "Be brief.", "metadata": {"team": "a"}, "input": "scenario conversation."}),
    Scenario("truncated", "SIMPLE", [_ok(HAIKU, "TRUNCATED")], [{"ending": "length"}], "TRUNCATED"),
    Scenario("truncated-http", "CALCULATION", [_ok(LUNA, "TRUNCATED")], [{"ending": "length"}],
             "TRUNCATED"),
    Scenario("large-answer", "SIMPLE", [_ok(HAIKU)], [{"body": _converse("x" * 300_000)}]),
    Scenario("doubled-in-json", "SIMPLE", [_ok(HAIKU)], [{"text": "ok"}],
             request={"input": "scenario doubled-in-json." + '"' * 60_000}),
    Scenario("doubled-in-json-http", "CALCULATION", [_ok(LUNA)], [{"text": "ok"}],
             request={"input": "scenario doubled-in-json-http." + '"' * 60_000}),
]  # fmt: skip

RETRIED = [
    Scenario("throttled-once", "SIMPLE", [_ok(HAIKU, retries=1)], _first(THROTTLED, count=1)),
    Scenario("overloaded-twice", "COMPLEX", [_ok(SONNET, retries=2)],
             _first(OVERLOADED, SONNET, count=2)),
    Scenario("http-throttled-once", "CALCULATION", [_ok(LUNA, retries=1)],
             _first({"status": 429}, LUNA, count=1), again=1),
    Scenario("http-overloaded-once", "CALCULATION", [_ok(LUNA, retries=1)],
             _first({"status": 503}, LUNA, count=1)),
    Scenario("connection-in-progress", "CALCULATION", [_ok(LUNA, retries=1)],
             unusable=["AuthInProgress"]),
    Scenario("no-worker-once", "SIMPLE", [_ok(HAIKU, retries=1)],
             functions={"invoke_model": ["Lambda.TooManyRequestsException"]}),
    Scenario("analyze-died-once", "SIMPLE", [_ok(HAIKU)], retries=[("AnalyzeComplexity", 1)],
             functions={"analyze": ["Runtime.ExitError"]}),
    Scenario("not-written-once", "SIMPLE", [_ok(HAIKU)], end="recorded later",
             writes=["InternalServerError"]),
    Scenario("not-written-for-long", "SIMPLE", [_ok(HAIKU)], end="recorded later",
             retries=[(paths.RECORDED, 4)], writes=["InternalServerError"] * 5),
    Scenario("not-written-http", "CALCULATION", [_ok(LUNA)], retries=[(paths.RECORDED, 1)],
             writes=["InternalServerError"]),
]  # fmt: skip

FALLBACKS = [
    Scenario("throttled", "SIMPLE", [(HAIKU, "THROTTLED", "Throttled", 3), _ok(SONNET)],
             _first(THROTTLED)),
    Scenario("overloaded", "SIMPLE", [(HAIKU, "OVERLOADED", "Overloaded", 3), _ok(SONNET)],
             _first(OVERLOADED)),
    Scenario("no-worker", "SIMPLE",
             [(HAIKU, "THROTTLED", "Lambda.TooManyRequestsException", 3), _ok(SONNET)],
             functions={"invoke_model": ["Lambda.TooManyRequestsException"] * 4}),
    Scenario("worker-died", "SIMPLE", [_unknown(HAIKU, "Runtime.ExitError"), _ok(SONNET)],
             functions={"invoke_model": ["Runtime.ExitError"]}),
    Scenario("function-timed-out", "COMPLEX", [_unknown(SONNET, "Sandbox.Timedout"), _ok(DIRECT)],
             functions={"invoke_model": ["Sandbox.Timedout"]}),
    Scenario("slow", "SIMPLE", [_unknown(HAIKU, "ModelTimeout"), _ok(SONNET)], _first(HANGS)),
    Scenario("model-error", "SIMPLE", [_unknown(HAIKU), _ok(SONNET)], _first(BROKEN)),
    Scenario("dropped", "SIMPLE", [_unknown(HAIKU), _ok(SONNET)], _first({"fault": "drop"})),
    Scenario("html", "SIMPLE", [(HAIKU, "BAD_RESPONSE", "BadResponse", 0), _ok(SONNET)],
             _first({"fault": "html", "status": 200})),
    Scenario("empty", "SIMPLE", [(HAIKU, "BAD_RESPONSE", "BadResponse", 0), _ok(SONNET)],
             _first({"fault": "empty"})),
    Scenario("filtered", "SIMPLE", [(HAIKU, "FILTERED", "Filtered", 0), _ok(SONNET)],
             _first({"ending": "filter"})),
    Scenario("too-long", "COMPLEX", [(SONNET, "REJECTED", "ContextTooLong", 0), _ok(SOL)],
             _first(TOO_LONG, SONNET)),
    Scenario("complex-throttled", "COMPLEX", [(SONNET, "THROTTLED", "Throttled", 3), _ok(DIRECT)],
             _first(THROTTLED, SONNET)),
    Scenario("complex-slow", "COMPLEX", [_unknown(SONNET, "ModelTimeout"), _ok(DIRECT)],
             _first(HANGS, SONNET)),
    Scenario("complex-refused", "COMPLEX", [(SONNET, "FILTERED", "Filtered", 0), _ok(SOL)],
             _first({"ending": "filter"}, SONNET)),
    Scenario("complex-error", "COMPLEX", [_unknown(SONNET), _ok(OLDER)], _first(BROKEN, SONNET)),
    Scenario("no-usage", "SIMPLE", [_ok(HAIKU)], [{"fault": "no_usage"}]),
]  # fmt: skip

HTTP = [
    _http_status(400, ("REJECTED", "InvalidModelRequest", 0), False),
    _http_status(401, ("REJECTED", "AccessDenied", 0), False),
    _http_status(402, ("REJECTED", "AccessDenied", 0), False),
    _http_status(403, ("REJECTED", "AccessDenied", 0), False),
    _http_status(404, ("REJECTED", "ModelNotFound", 0), False),
    _http_status(408, ("UNKNOWN", "ModelTimeout", 0), True),
    _http_status(413, ("REJECTED", "ContextTooLong", 0), False),
    _http_status(422, ("REJECTED", "InvalidModelRequest", 0), False),
    _http_status(429, ("THROTTLED", "Throttled", 3), True, again=3),
    Scenario("http-quota-used-up", "CALCULATION",
             [(LUNA, "REJECTED", "QuotaExhausted", 0), _ok(SONNET)],
             _first({"status": 429, "code": "insufficient_quota"}, LUNA)),
    Scenario("http-overloaded-then-throttled", "CALCULATION", [_ok(LUNA, retries=2)],
             [*_first({"status": 503}, LUNA, count=1), *_first({"status": 429}, LUNA, count=1)],
             again=1),
    _http_status(451, ("REJECTED", "AccessDenied", 0), False),
    _http_status(503, ("OVERLOADED", "Overloaded", 3), True),
    _http_status(529, ("OVERLOADED", "Overloaded", 3), True),
    *map(_broken_status, (500, 502, 504)),
    Scenario("http-too-long", "CALCULATION", [(LUNA, "REJECTED", "ContextTooLong", 0)],
             _first({"status": 400, "code": "context_length_exceeded"}, LUNA), "FAILED"),
    Scenario("http-dropped", "CALCULATION", [_unknown(LUNA, "States.Http.Socket"), _ok(SONNET)],
             _first({"fault": "drop"}, LUNA)),
    Scenario("http-half", "CALCULATION", [_unknown(LUNA, "States.Http.Socket"), _ok(SONNET)],
             _first({"fault": "half"}, LUNA)),
    Scenario("http-hangs", "CALCULATION", [_unknown(LUNA, "States.Http.Socket"), _ok(SONNET)],
             _first(HANGS, LUNA)),
    Scenario("http-html", "CALCULATION",
             [(LUNA, "BAD_RESPONSE", "BadResponse", 0), _ok(SONNET)],
             _first({"fault": "html", "status": 200}, LUNA)),
    Scenario("http-empty", "CALCULATION",
             [(LUNA, "BAD_RESPONSE", "BadResponse", 0), _ok(SONNET)],
             _first({"fault": "empty"}, LUNA)),
    Scenario("http-refusal", "CALCULATION", [(LUNA, "REFUSED", "Refused", 0), _ok(SONNET)],
             _first({"ending": "refusal"}, LUNA)),
    Scenario("http-filtered", "CALCULATION", [(LUNA, "FILTERED", "Filtered", 0), _ok(SONNET)],
             _first({"ending": "filter"}, LUNA)),
    Scenario("http-no-usage", "CALCULATION", [_ok(LUNA)], [{"fault": "no_usage"}]),
    Scenario("http-binary", "CALCULATION", [_unknown(LUNA, "States.Runtime")],
             _first({"body": "\x00", "content_type": "application/octet-stream"}, LUNA),
             "FAILED", error="States.Runtime", end="dead"),
    Scenario("http-too-large", "CALCULATION", [_unknown(LUNA, "States.DataLimitExceeded")],
             [{"body": _completion("x" * 300_000)}], "FAILED",
             error="States.DataLimitExceeded", end="dead"),
    Scenario("connection-denied", "CALCULATION", [(LUNA, "REJECTED", "AccessDenied", 0)],
             status="FAILED", unusable=["AccessDenied"]),
    Scenario("connection-busy", "CALCULATION",
             [(LUNA, "UNREACHABLE", "Unreachable", 3), _ok(SONNET)],
             unusable=["ConcurrentModification"] * 4),
]  # fmt: skip

FAILURES = [
    Scenario("denied", "SIMPLE", [(HAIKU, "REJECTED", "AccessDenied", 0)],
             _first({"status": 403, "code": "AccessDeniedException"}), "FAILED"),
    Scenario("unknown-model", "SIMPLE", [(HAIKU, "REJECTED", "ModelNotFound", 0)],
             _first({"status": 404, "code": "ResourceNotFoundException"}), "FAILED"),
    Scenario("malformed", "SIMPLE", [(HAIKU, "REJECTED", "InvalidModelRequest", 0)],
             _first({"status": 400, "code": "ValidationException"}), "FAILED"),
    Scenario("guardrail", "SIMPLE", [(HAIKU, "BLOCKED", "Blocked", 0)],
             _first({"ending": "guardrail"}), "BLOCKED"),
    Scenario("nobody-has-room", "SIMPLE",
             [(HAIKU, "THROTTLED", "Throttled", 3), (SONNET, "THROTTLED", "Throttled", 3)],
             [THROTTLED], "FAILED"),
    Scenario("nobody-is-well", "COMPLEX", [_unknown(SONNET), _unknown(OLDER)], [BROKEN], "FAILED"),
    Scenario("everybody-refuses", "SIMPLE",
             [(HAIKU, "FILTERED", "Filtered", 0), (SONNET, "FILTERED", "Filtered", 0)],
             [{"ending": "filter"}], "FILTERED"),
    Scenario("never-written", "SIMPLE", [(HAIKU, "OK", "AnswerNotRecorded", 0)],
             status="FAILED", error="OutcomeNotRecorded", end="not recorded",
             retries=[(paths.RECORDED, 4)], writes=["InternalServerError"] * 6),
    # The function goes on, and writes down what it got.
    Scenario("aborted", "SIMPLE", [_ok(HAIKU)], meanwhile="abort"),
    Scenario("timed-out", "SIMPLE", [_ok(HAIKU)], meanwhile="time out"),
    Scenario("aborted-http", "CALCULATION", [_unknown(LUNA, "NoReport")], status="FAILED",
             error="Aborted", end="dead", meanwhile="abort"),
    Scenario("timed-out-http", "CALCULATION", [_unknown(LUNA, "NoReport")], status="FAILED",
             error="WorkflowTimedOut", end="dead", meanwhile="time out"),
]  # fmt: skip

CHECKED = {"response_schema": SCHEMA}
_INVALID = (HAIKU, "INVALID_ANSWER", "InvalidAnswer", 0)
_REVIEWED = (HAIKU, "OK", None, 0)
_WITHHELD = (HAIKU, "OK", "ReviewRejected", 0)

ANSWERS = [
    Scenario("fits", "SIMPLE", [_ok(HAIKU)], [{"text": FITS}], request=CHECKED),
    Scenario("repaired", "SIMPLE", [_INVALID, _ok(HAIKU)],
             [{"text": "no JSON", "count": 1}, {"text": FITS}], request=CHECKED),
    Scenario("next-tier", "SIMPLE", [_INVALID, _INVALID, _INVALID, _ok(LUNA)],
             [*_first({"text": "no JSON"}), {"text": FITS}], request=CHECKED),
    Scenario("never-valid", "SIMPLE",
             [_INVALID] * 3 + [(LUNA, "INVALID_ANSWER", "InvalidAnswer", 0)],
             [{"text": "no JSON"}], "FAILED", request=CHECKED),
    Scenario("hopeless", "SIMPLE", [(HAIKU, "OK", "BelowConfidence", 0)],
             [{"text": json.dumps({"city": "Paris", "sure": 0.1})}], "FAILED",
             request={"response_schema": SURE, "review": {"confidence_field": "sure"}}),
    Scenario("approved", "SIMPLE", [_REVIEWED], human="approve", request={"review": True}),
    Scenario("edited", "SIMPLE", [_REVIEWED], human="edit", request={"review": True}),
    Scenario("rejected", "SIMPLE", [_WITHHELD], status="FAILED", human="reject",
             request={"review": True}),
    Scenario("nobody-decides", "SIMPLE", [(HAIKU, "OK", "ReviewTimedOut", 0)], status="FAILED",
             human="nobody", request={"review": True}),
    Scenario("approved-by-default", "SIMPLE", [_REVIEWED], human="nobody",
             request={"review": True},
             settings={"review": {"answer_above": 0.8, "fail_below": 0.3,
                                  "timeout_seconds": 3600, "default": "approve"}}),
    Scenario("aborted-while-waiting", "SIMPLE", [(HAIKU, "OK", "ReviewRequired", 0)],
             status="FAILED", error="Aborted", human="abort", end="dead",
             request={"review": True}),
    Scenario("written-by-a-human", "SIMPLE",
             [(m, "INVALID_ANSWER", c, 0) for m, c in
              [*[(HAIKU, "InvalidAnswer")] * 3, (LUNA, None)]],
             [{"text": "no JSON"}], human="edit", request={**CHECKED, "review": True}),
]  # fmt: skip

_ONE = {"request_id": "one", "input": "scenario repeated.", "tier": "SIMPLE"}
_CACHED = {"tenant": "faq", "cache": True}

GUARDED = [
    Scenario("repeated", "SIMPLE", [_ok(HAIKU)], request={"request_id": "one"}, earlier=[_ONE],
             entered=paths.KNOWN),
    Scenario("conflict", "SIMPLE", [_ok(HAIKU)], request={"request_id": "two"}, error="Conflict",
             earlier=[{**_ONE, "request_id": "two"}], entered=paths.REJECTED),
    Scenario("cached", "SIMPLE", [_ok(HAIKU, "CACHED")], request=_CACHED,
             earlier=[{"input": "scenario cached.", "tier": "SIMPLE", **_CACHED}],
             entered=paths.KNOWN),
    Scenario("invalid", "SIMPLE", [], status=None, request={"max_tokens": 0},
             error="InvalidRequest", entered=paths.REJECTED),
    Scenario("no-budget", "COMPLEX", [], status=None, error="BudgetExceeded",
             request={"tenant": "poor"}, entered=paths.REJECTED,
             settings={"tenants": {"poor": {"budget": {"day_usd": 0.0001}}}}),
    Scenario("too-fast", "SIMPLE", [], status=None, request={"tenant": "hasty"},
             error="RateLimited", entered=paths.REJECTED, retries=[("AnalyzeComplexity", 5)],
             earlier=[{"input": f"hasty {n}", "tenant": "hasty"} for n in range(2)], alone=True),
    Scenario("analyze-dies", "SIMPLE", [], status=None, error="Runtime.ExitError",
             entered=paths.REJECTED, retries=[("AnalyzeComplexity", 4)],
             functions={"analyze": ["Runtime.ExitError"] * 5}),
]  # fmt: skip

SCENARIOS = [*ROUTES, *RETRIED, *FALLBACKS, *HTTP, *FAILURES, *ANSWERS, *GUARDED]
