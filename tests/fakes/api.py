"""A services behind the HTTP api: a clock that only sleeping moves, runs that end when told to."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from cost_calculator.row_keys import folder_of, key_of
from cost_calculator.settlement import settle
from cost_calculator.workflow_cost import read_run
from router.acceptance.ports import Execution
from router.conversation.events import Delta, TextDelta
from router.errors import CallError, StoreUnavailable
from router.executions.names import direct_run, execution_name
from router.executions.run import Busy, NoSuchRun, NotStarted, Run
from router.feedback import FeedbackRefused, Judged
from router.ingress.api.callers import Callers
from router.ingress.api.converse import Converse, Invocation, respond
from router.ingress.api.cors import Cors
from router.ingress.api.errors import ApiError
from router.ingress.api.models import Listing
from router.ingress.api.ports import ApiContext
from router.ingress.api.routes import Services, routes
from router.ingress.protocols.registry import PROTOCOLS
from router.ingress.protocols.sse import CONTENT_TYPE
from router.intake.identity import payload_hash
from router.invocation.attempt import Attempt
from router.invocation.call import Answer, Done, ModelCall
from router.invocation.invoke import invoke
from router.invocation.pieces import pieces_of
from router.invocation.speak import Speaking, speak
from router.providers.call_json import call_to_json
from router.recording.record import Closing
from router.routing.plan_json import repeated
from router.routing.run_plan import RunPlan
from router.runner.direct import Ports
from tests.support.cost_rows import PRICED_AT, RATES
from tests.support.factories import AT, HAIKU, asking, config
from tests.support.runs import USAGE, run_plan

Rows = dict[str, dict[str, Any]]
LAMBDA_SECONDS = 900.0

PROMPT = {"input": "What is the capital of France?", "request_id": "r-1"}
HASH = payload_hash(PROMPT | {"tenant": "acme"})
KEY, RUN = key_of("acme", "r-1"), execution_name("acme", "r-1")


@dataclass
class Aws:
    """Executions and rows. ``at`` holds what happens once the clock has come so far.

    The table does not answer the first ``blind`` looks; runs are shown once it is ``shows``.
    """

    runs: dict[str, Run] = field(default_factory=dict)
    rows: dict[str, Rows] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    at: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    now: float = 0.0
    looks: int = 0
    busy: bool = False
    missing: type[NotStarted] = NoSuchRun
    shows: float = 0
    blind: float = 0
    judged: list[tuple[str, ...]] = field(default_factory=list)
    accepted: list[Mapping[str, Any]] = field(default_factory=list)
    says: list[Answer | CallError] = field(default_factory=list)
    asked: list[ModelCall] = field(default_factory=list)
    notices: list[Mapping[str, Any]] = field(default_factory=list)
    refusals: list[ApiError] = field(default_factory=list)
    plan: RunPlan = field(default_factory=run_plan)
    broken: str = ""
    notes: int = 0
    described: int = 0
    kept: dict[str, bytes] = field(default_factory=dict)

    def keep(self, key: str, body: bytes) -> str:
        address = f"s3://answers-1/requests/{folder_of(key)}/kept.json"
        self.kept[address] = body
        return address

    def start(self, name: str, payload: str) -> Run | None:
        if self.busy:
            raise Busy("ThrottlingException")
        found = self.runs.get(name)
        if found and not (found.status == "RUNNING" and found.input == payload):
            return found
        if not found:
            self.runs[name] = Run("RUNNING", payload)
            self.started.append(name)
        return None

    def describe(self, name: str) -> Run:
        self.described += 1
        if name not in self.runs or self.now < self.shows:
            raise self.missing("ExecutionDoesNotExist")
        return self.runs[name]

    def request_of(self, key: str) -> dict[str, Any] | None:
        self.looks += 1
        if self.looks <= self.blind:
            raise StoreUnavailable("ProvisionedThroughputExceededException")
        return self.rows.get(key, {}).get("REQUEST")

    def requests_at(self, keys: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        self.looks += 1
        if self.looks <= self.blind:
            raise StoreUnavailable("ProvisionedThroughputExceededException")
        return {key: self.rows.get(key, {}).get("REQUEST") for key in keys}

    def rows_of(self, key: str) -> Rows:
        return self.rows.get(key, {})

    def steps_of(self, parent: str) -> list[str]:
        requests = ((key, rows["REQUEST"]) for key, rows in self.rows.items() if "REQUEST" in rows)
        return [key for key, row in requests if row.get("parent_id") == parent]

    def note(self, key: str) -> None:
        self.notes += 1
        if "REQUEST" in self.rows.get(key, {}):
            self.rows[key]["REQUEST"]["undelivered"] = True

    def clear(self, key: str) -> None:
        self.notes += 1
        del self.rows[key]["REQUEST"]["undelivered"]

    def judge(self, key: str, verdict: str, by: str, note: str) -> Judged:
        if self.rows[key]["REQUEST"]["cost_status"] != "PRICED":
            raise FeedbackRefused("its cost is not settled yet: try again in a few seconds")
        self.judged.append((key, verdict, by, note))
        return Judged(AT, bool(note) and "CONTENT" in self.rows[key])

    def accept(self, payload: Mapping[str, Any], run: Execution) -> dict[str, Any]:
        """Accept a request for a direct run, or return what is known of it."""
        tenant, request_id = payload["tenant"], payload["request_id"]
        key = key_of(tenant, request_id)
        if key in self.rows:
            return repeated(self.rows[key])
        self.accepted.append(payload)
        rows = answered(request_id, tenant=tenant, payload_hash=payload_hash(payload))
        del rows["ATTEMPT#01"]
        rows["REQUEST"] |= {"status": "ACCEPTED", "execution_arn": run.arn}
        self.rows[key] = rows
        plan = replace(self.plan, request_id=request_id, tenant=tenant)
        first = plan.targets[0]
        call = ModelCall(
            first.provider, first.model, asking("?"), first.max_tokens, request_id=key,
        )  # fmt: skip
        return {"plan": plan.to_json(), "call": call_to_json(call, http=False), "outcome": None}

    def call(self, call: ModelCall) -> Generator[None, None, tuple[Answer, Attempt]]:
        yield from ()
        self.asked.append(call)
        return invoke(call, self, lambda: AT, 512)

    def speak(self, call: ModelCall) -> Speaking:
        self.asked.append(call)
        return speak(call, self, lambda answer: answer, lambda: AT, 512)

    def stream(self, call: ModelCall) -> Iterator[Delta | Done]:
        """Say the next answer word by word; an error after words is given with them."""
        said = self.says.pop(0) if self.says else Answer("Paris.", False, USAGE, HAIKU)
        if isinstance(said, CallError):
            for word in self.broken.split():
                yield TextDelta(word)
            raise said
        for piece in pieces_of(said):
            match piece:
                case TextDelta(text):
                    yield from (TextDelta(word) for word in re.findall(r"\S+\s*", text))
                case _:
                    yield piece

    def complete(self, _call: ModelCall) -> Answer:
        said = self.says.pop(0) if self.says else Answer("Paris.", False, USAGE, HAIKU)
        if isinstance(said, CallError):
            raise said
        return said

    def note_attempt(
        self, key: str, _run: str, attempt: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> bool:
        self.rows[key][attempt["item"]] = dict(attempt)
        self.rows[key]["REQUEST"] |= changes
        return True

    def record(self, closing: Closing) -> bool:
        rows = self.rows[closing.request_id]
        rows["REQUEST"] |= closing.request
        written = [*closing.attempts, *([closing.answer] if closing.answer else [])]
        rows.update({row["item"]: dict(row) for row in written})
        return True

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for moment, event in [due for due in self.at if due[0] <= self.now]:
            self.at.remove((moment, event))
            event()

    def refuse(self, name: str, error: str, cause: str = "why") -> None:
        self.runs[name] = Run("FAILED", self.runs[name].input, error, cause)


def answered(request_id: str, *, tenant: str = "acme", **changes: Any) -> Rows:
    """Return the rows of a request that Haiku answered; a change set to None leaves it out."""
    key, name = key_of(tenant, request_id), execution_name(tenant, request_id)
    request = {
        "request_id": key, "item": "REQUEST", "schema": 1, "tenant": tenant,
        "status": "SUCCEEDED", "complexity": "SIMPLE", "confidence": Decimal("0.98"),
        "reasons": ["asks for one fact"], "model": HAIKU, "provider": "bedrock", "tier": "SIMPLE",
        "accepted_at": "2026-11-21T10:00:00.000Z", "ended_at": "2026-11-21T10:00:01.000Z",
        "execution_arn": f"arn:aws:states:us-east-1:1:execution:faregate:{name}",
        "payload_hash": HASH, "cost_status": "PENDING", "queue": "PENDING#1",
        "attempts": 1, "transitions": 4, **changes,
    }  # fmt: skip
    attempt = {
        "request_id": key, "item": "ATTEMPT#01", "schema": 1, "tenant": tenant,
        "tier": "SIMPLE", "purpose": "answer", "provider": "bedrock", "model": HAIKU,
        "outcome": "OK", "retries": 0, "served": 1, "cost_status": "PENDING",
        "started_at": "2026-11-21T10:00:00.000Z", "ended_at": "2026-11-21T10:00:01.000Z",
        "baseline_provider": "bedrock", "baseline_model": "us.anthropic.claude-sonnet-5-5",
        "usage": json.dumps({"inputTokens": 100, "outputTokens": 10, "cacheReadInputTokens": 50}),
    }  # fmt: skip
    content = {"request_id": key, "item": "CONTENT", "output": "Paris."}
    kept = {name: value for name, value in request.items() if value is not None}
    return {"REQUEST": kept, "ATTEMPT#01": attempt, "CONTENT": content}


def failed(request_id: str, cause: str, status: str = "FAILED") -> Rows:
    rows = answered(request_id, status=status, cause=cause, model=None, provider=None)
    rows["ATTEMPT#01"] |= {"outcome": "UNKNOWN", "served": 0}
    del rows["ATTEMPT#01"]["usage"], rows["CONTENT"]["output"]
    return rows


def api(aws: Aws, **changes: Any) -> ApiContext:
    fields: dict[str, Any] = {
        "store": aws,
        "executions": aws,
        "keep": aws.keep,
        "text_at": lambda address: f"text at {address}",
        "clock": lambda: aws.now,
        "sleep": aws.sleep,
        "now": lambda: AT + timedelta(seconds=aws.now),
        "input_bytes_limit": 1000,
        "payload_bytes_limit": 300_000,
        "store_text": True,
    }
    return ApiContext(**fields | changes)


@dataclass
class Client:
    """Calls the routes as the gateway would, for a tenant that the authorizer found."""

    aws: Aws
    cells: Iterable[Mapping[str, Any]] = ()
    changes: Mapping[str, Any] = field(default_factory=dict)
    cors: Cors | None = None
    unsupported_options: str = "drop"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        tenant: str | None = "acme",
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        event: Mapping[str, Any] | None = None,
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Return status, body and headers; ``event`` is what the gateway sends otherwise."""
        services = Services(
            api=api(self.aws, **self.changes),
            callers=Callers("AUTHORIZER", {}),
            settle=lambda row: settle(row, RATES, PRICED_AT),
            cells=lambda _partitions, _tenant: self.cells,
            judge=self.aws.judge,
            undelivered=self.aws,
            steps=lambda parent: read_run(
                parent, self.aws, lambda row: settle(row, RATES, PRICED_AT), most=3
            ),
            sign_upload=lambda path, *_: (f"s3://answers-1/{path}", "https://s3/put", {}),
        )
        text = body if body is None or isinstance(body, str) else json.dumps(body)
        sent = {
            "resource": path,
            "path": path,
            "httpMethod": method,
            "headers": dict(headers or {}),
            "multiValueHeaders": {name: [value] for name, value in (headers or {}).items()},
            "queryStringParameters": dict(query) if query else None,
            "body": text,
            "isBase64Encoded": False,
            "requestContext": {
                "requestId": "gateway-1",
                "stage": "v1",
                "path": f"/v1{path}",
                "resourcePath": path,
                "httpMethod": method,
                "authorizer": {"tenant": tenant} if tenant else {},
                "identity": {},
            },
        }
        if path in PROTOCOLS or path.startswith(("/models", "/messages")):
            status, text, shown = self.conversed(sent | dict(event or {}))
            is_stream = shown["content-type"] == CONTENT_TYPE
            return status, {"events": text} if is_stream else json.loads(text), shown
        answer = routes(services, self.cors).resolve(sent | dict(event or {}), None)
        lists = {name.lower(): value[0] for name, value in answer["multiValueHeaders"].items()}
        return answer["statusCode"], json.loads(answer["body"]), lists

    def stream(self, path: str, body: Any) -> tuple[int, str, dict[str, str]]:
        """Return status, events and headers of an answer as it is written."""
        context = {"authorizer": {"tenant": "acme"}, "identity": {}, "requestId": "gateway-1"}
        sent = {"resource": path, "httpMethod": "POST", "headers": {}, "body": json.dumps(body)}
        return self.conversed(sent | {"requestContext": context})

    def conversed(self, sent: Mapping[str, Any]) -> tuple[int, str, dict[str, str]]:
        """Call the function that serves the protocols."""
        services = Converse(
            api=api(self.aws, **self.changes),
            callers=Callers("AUTHORIZER", {}),
            settle=lambda row: settle(row, RATES, PRICED_AT),
            undelivered=self.aws,
            accept=self.aws.accept,
            note_refusal=self.aws.refusals.append,
            models=Listing(config(), lambda _provider, _model: {"input": "1"}),
            unsupported_options=self.unsupported_options,
        )
        ports = Ports(
            call=self.aws.call,
            store=self.aws,
            notify=self.aws.notices.append,
            pause=self.aws.sleep,
            seconds_left=lambda: LAMBDA_SECONDS - self.aws.now,
            clock=lambda: AT + timedelta(seconds=self.aws.now),
        )
        run = Execution(direct_run("invocation-1"), "invocation-1")
        streaming = replace(ports, call=self.aws.speak)
        answer = respond(sent, Invocation(run, ports, streaming), services)
        return answer.status, b"".join(answer.body).decode(), dict(answer.headers)
