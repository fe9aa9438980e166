"""The protocols of the HTTP api: one function accepts a request, carries its run, and answers.

Nothing is sent before a model has begun to answer: until then a failure is an ordinary status.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from router.acceptance.ports import Execution
from router.conversation.events import Begun
from router.conversation.said import Said, said_of
from router.encoding import mapping_of
from router.errors import RequestClosed, RequestError, StoreUnavailable
from router.ingress.api.answers import dropped_header, headers_of, reply
from router.ingress.api.callers import Callers
from router.ingress.api.delivery import deliver
from router.ingress.api.errors import ApiError, as_api_error, told_of
from router.ingress.api.lookup import kept_answer
from router.ingress.api.models import Listing
from router.ingress.api.ports import ApiContext
from router.ingress.api.reading import Event, body_of, header_of, location_of
from router.ingress.api.repeats import Undelivered
from router.ingress.api.streaming import of_reply, of_run
from router.ingress.api.submit import Recognised, Submitted, recognise
from router.ingress.api.views import Settle
from router.ingress.protocols.bodies import refuse
from router.ingress.protocols.registry import PROTOCOLS, Head, Spoken
from router.ingress.protocols.reply import Reply, as_json
from router.ingress.protocols.sessions import session_in
from router.ingress.protocols.sse import CONTENT_TYPE
from router.ingress.protocols.workflow_runs import run_in
from router.intake.stored_payload import travelling
from router.lambda_stream.response import StreamedResponse
from router.runner.direct import Ending, Ports, carry

# What is left to answer with, and to write what is owed, when the function's time is nearly over.
_LAST_SECONDS = 10.0
# As in asl/router.asl.json: AnalyzeComplexity's. A caller that is over its rate waits itself.
_BEFORE_ACCEPTING_AGAIN = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the function: the run that it may carry, and what that needs.

    ``ports`` make whole calls, ``streaming`` such whose answer comes as it is written.
    """

    run: Execution
    ports: Ports[Any]
    streaming: Ports[Any]


@dataclass(frozen=True, slots=True)
class Converse:
    """What the protocols need beside an event; ``accept`` returns a request's plan."""

    api: ApiContext
    callers: Callers
    settle: Settle
    undelivered: Undelivered
    accept: Callable[[Mapping[str, Any], Execution], dict[str, Any]]
    note_refusal: Callable[[ApiError], None]
    models: Listing
    unsupported_options: str = "drop"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request of a protocol: what it is, how it came, and how its answer goes back."""

    event: Event
    body: Mapping[str, Any]
    protocol: Spoken
    submitted: Submitted
    invocation: Invocation
    services: Converse

    @property
    def streams(self) -> bool:
        return self.body.get("stream") is True

    @property
    def dropped(self) -> Sequence[str]:
        """What the body has that no model gets, whichever answers."""
        return self.protocol.dropped(self.body)

    @property
    def gateway_request_id(self) -> str:
        return _gateway_request_id(self.event)


def respond(event: Event, invocation: Invocation, services: Converse) -> StreamedResponse:
    """Answer one HTTP request."""
    try:
        if event["httpMethod"] == "POST" and event["resource"] in PROTOCOLS:
            return _conversed(event, PROTOCOLS[event["resource"]], invocation, services)
        tenant = services.callers.tenant_of(event["requestContext"])
        found = services.models.answer(event, tenant, services.api.payload_bytes_limit)
        return _json(200, found, {})
    except Exception as error:
        refusal = told_of(error)
        services.note_refusal(refusal)
        protocol = PROTOCOLS.get("/messages" if "/messages" in event["resource"] else "/responses")
        assert protocol
        body = protocol.error(refusal.body(_gateway_request_id(event)), refusal.status)
        return _json(refusal.status, body, refusal.headers)


def _conversed(
    event: Event, protocol: Spoken, invocation: Invocation, services: Converse
) -> StreamedResponse:
    tenant = services.callers.tenant_of(event["requestContext"])
    body = protocol.completed(
        body_of(event, services.api.payload_bytes_limit),
        lambda request_id: kept_answer(request_id, tenant, services.api),
    )
    request = protocol.to_request(body)
    if services.unsupported_options != "drop":
        refuse([f"`{name}` is not passed on to the models: leave it out"
                for name in protocol.dropped(body)])  # fmt: skip
    request["unsupported_options"] = services.unsupported_options
    if (key := header_of(event, "idempotency-key")) is not None:
        request["request_id"] = key
    if session := session_in(body, header_of(event, "x-faregate-session")):
        request["session_id"] = session
    request |= run_in(
        header_of(event, "x-faregate-parent"), header_of(event, "x-faregate-workflow")
    )
    known = recognise(request, tenant, services.api)
    submitted = Submitted(known.identity, None, known.is_named)
    asked = _Asked(event, body, protocol, submitted, invocation, services)
    if not known.is_known:
        plan = _accepted(known, invocation, services)
        if plan["plan"] is not None:
            return _streamed(plan, asked) if asked.streams else _carried(plan, asked)
    return _joined(asked)


def _accepted(known: Recognised, invocation: Invocation, services: Converse) -> dict[str, Any]:
    pauses = iter(_BEFORE_ACCEPTING_AGAIN)
    while True:
        try:
            given = travelling(known.payload, known.identity, services.api.keep)
            return services.accept(given, invocation.run)
        except RequestError as error:
            raise as_api_error(error, known.identity.request_id) or error from error
        except StoreUnavailable as error:
            if (seconds := next(pauses, None)) is None:
                raise as_api_error(error, known.identity.request_id) or error from error
            invocation.ports.pause(seconds)


def _streamed(plan: Mapping[str, Any], asked: _Asked) -> StreamedResponse:
    """Answer with a run as it is written, once a model has begun."""
    parts = carry(plan, asked.invocation.run.arn, asked.invocation.streaming)
    try:
        begun = next(parts)
    except StopIteration as end:
        return _ended(end.value, asked)  # nobody has answered
    except RequestClosed:
        return _ended(None, asked)
    assert isinstance(begun, Begun)
    services, shown = asked.services, mapping_of(plan["plan"])
    request_id = asked.submitted.request_id
    head = Head(request_id, int(services.api.now().timestamp()), begun.model)
    headers = {
        "content-type": CONTENT_TYPE,
        "cache-control": "no-cache",
        "x-faregate-request-id": request_id,
        "x-faregate-model": begun.model,
        "x-faregate-tier": str(shown["tier"]),
        **dropped_header(shown.get("reasons", ()), asked.dropped),
    }

    def cost() -> Mapping[str, str]:
        with suppress(StoreUnavailable):
            rows = services.api.store.rows_of(asked.submitted.identity.key)
            return headers_of(rows, services.settle, asked.dropped)
        return {}

    stream = asked.protocol.stream(head, asked.body)
    events = of_run(parts, stream, asked.gateway_request_id, cost, services.note_refusal)
    return StreamedResponse(200, headers, events, asked.protocol.beat)


def _carried(plan: Mapping[str, Any], asked: _Asked) -> StreamedResponse:
    """Answer with a run that has ended."""
    ending = None
    with suppress(RequestClosed):  # whoever has closed it has written how it ended
        ending = _end_of(carry(plan, asked.invocation.run.arn, asked.invocation.ports))
    return _ended(ending, asked)


def _ended(ending: Ending | None, asked: _Asked) -> StreamedResponse:
    api, services = asked.services.api, asked.services
    try:
        rows = api.store.rows_of(asked.submitted.identity.key)
        found = reply(rows, asked.submitted, api, services.settle, _said(ending))
        return _whole(asked, found, headers_of(rows, services.settle, asked.dropped))
    except StoreUnavailable as error:
        # It is answered and paid: a repeat gets this answer.
        if not asked.submitted.is_named:
            with suppress(StoreUnavailable):
                services.undelivered.note(asked.submitted.identity.key)
        raise as_api_error(error, asked.submitted.request_id) or error from error


def _whole(asked: _Asked, found: Reply, headers: Mapping[str, str]) -> StreamedResponse:
    """Answer with what is known as a whole, also if it was asked for as a stream."""
    if not asked.streams:
        return _json(200, asked.protocol.whole(found, asked.body), headers)
    head = Head(found.request_id, found.created, found.model)
    events = of_reply(found, asked.protocol.stream(head, asked.body), headers)
    return StreamedResponse(200, {"content-type": CONTENT_TYPE, **headers}, events)


def _said(ending: Ending | None) -> Said | None:
    """Return what was said, unless it is in S3 or there is no answer."""
    outcome = (ending.outcome if ending else None) or {}
    return said_of(outcome) if "output" in outcome else None


def _end_of(run: Generator[Any, None, Ending]) -> Ending:
    """Return the end of a run whose parts nobody asked for."""
    while True:
        try:
            next(run)
        except StopIteration as end:
            ending: Ending = end.value
            return ending


def _joined(asked: _Asked) -> StreamedResponse:
    """Wait for the run that has the request already, and return its end."""
    services, api, submitted = asked.services, asked.services.api, asked.submitted
    until = api.clock() + max(0.0, asked.invocation.ports.seconds_left() - _LAST_SECONDS)

    def show(rows: Any) -> StreamedResponse:
        found = reply(rows, submitted, api, services.settle)
        return _whole(asked, found, headers_of(rows, services.settle, asked.dropped))

    shown = deliver(submitted, until, show, api, services.undelivered)
    if shown is None:
        where = location_of(asked.event, submitted.request_id)
        raise ApiError(
            "NotAnsweredYet",
            f"it is not answered yet, and goes on: GET {where}, or send the same again",
            request_id=submitted.request_id,
            headers={"location": where},
        )
    return shown


def _gateway_request_id(event: Event) -> str:
    return str(event["requestContext"].get("requestId") or "")


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> StreamedResponse:
    shown = {"content-type": "application/json", **headers}
    return StreamedResponse.whole(status, shown, as_json(body).encode())
