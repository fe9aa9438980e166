"""The protocols of the HTTP api: one function accepts a request, carries its run, and answers.

Nothing is sent before a model has begun to answer: until then a failure is an ordinary status.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from router.acceptance.ports import Execution
from router.conversation.said import Said, said_of
from router.errors import RequestClosed, RequestError, StoreUnavailable
from router.ingress.api.answers import Shown, completion
from router.ingress.api.callers import Callers
from router.ingress.api.delivery import deliver
from router.ingress.api.errors import ApiError, as_api_error, told_of
from router.ingress.api.ports import ApiContext
from router.ingress.api.reading import Event, body_of, header_of, location_of
from router.ingress.api.repeats import Undelivered
from router.ingress.api.submit import Recognised, Submitted, recognise
from router.ingress.api.views import Settle
from router.ingress.protocols.openai_chat import in_openais_words, to_request
from router.ingress.protocols.reply import as_json
from router.lambda_stream.response import StreamedResponse
from router.runner.direct import Ending, Ports, carry

# What is left to answer with, and to write what is owed, when the function's time is nearly over.
_LAST_SECONDS = 10.0
# As in asl/router.asl.json: AnalyzeComplexity's. A caller that is over its rate waits itself.
_BEFORE_ACCEPTING_AGAIN = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the function: the run that it may carry, and what that needs."""

    run: Execution
    ports: Ports[Any]


@dataclass(frozen=True, slots=True)
class Converse:
    """What the protocols need beside an event; ``accept`` returns a request's plan."""

    api: ApiContext
    callers: Callers
    settle: Settle
    undelivered: Undelivered
    accept: Callable[[Mapping[str, Any], Execution], dict[str, Any]]
    note_refusal: Callable[[ApiError], None]


def respond(event: Event, invocation: Invocation, services: Converse) -> StreamedResponse:
    """Answer one HTTP request."""
    try:
        shown = _route(event)(event, invocation, services)
    except Exception as error:
        refusal = told_of(error)
        services.note_refusal(refusal)
        return _refused(event, refusal)
    return _json(200, shown.body, shown.headers)


def _route(event: Event) -> Callable[[Event, Invocation, Converse], Shown]:
    if (event["httpMethod"], event["resource"]) == ("POST", "/chat/completions"):
        return _chat
    raise ApiError("NotFound", "there is no such path: see docs/api.md")


def _chat(event: Event, invocation: Invocation, services: Converse) -> Shown:
    body = body_of(event, services.api.input_bytes_limit)
    request = to_request(body) | {"unsupported_options": "drop"}
    if (key := header_of(event, "idempotency-key")) is not None:
        request["request_id"] = key
    tenant = services.callers.tenant_of(event["requestContext"])
    known = recognise(request, tenant, services.api)
    submitted = Submitted(known.identity, None, known.is_named)
    if not known.is_known:
        plan = _accepted(known, invocation, services)
        if plan["plan"] is not None:
            return _carried(plan, submitted, invocation, services)
    return _joined(event, submitted, invocation, services)


def _accepted(known: Recognised, invocation: Invocation, services: Converse) -> dict[str, Any]:
    pauses = iter(_BEFORE_ACCEPTING_AGAIN)
    while True:
        try:
            return services.accept(known.payload, invocation.run)
        except RequestError as error:
            raise as_api_error(error, known.identity.request_id) or error from error
        except StoreUnavailable as error:
            if (seconds := next(pauses, None)) is None:
                raise as_api_error(error, known.identity.request_id) or error from error
            invocation.ports.pause(seconds)


def _carried(
    plan: Mapping[str, Any], submitted: Submitted, invocation: Invocation, services: Converse
) -> Shown:
    api, said = services.api, None
    with suppress(RequestClosed):  # whoever has closed it has written how it ended
        ending = _end_of(carry(plan, invocation.run.arn, invocation.ports))
        said = _said(ending)
    try:
        rows = api.store.rows_of(submitted.identity.key)
        return completion(rows, submitted, api, services.settle, said)
    except StoreUnavailable as error:
        # It is answered and paid: a repeat gets this answer.
        if not submitted.is_named:
            with suppress(StoreUnavailable):
                services.undelivered.note(submitted.identity.key)
        raise as_api_error(error, submitted.request_id) or error from error


def _said(ending: Ending) -> Said | None:
    """Return what was said, unless it is in S3 or there is no answer."""
    outcome = ending.outcome or {}
    return said_of(outcome) if "output" in outcome else None


def _end_of(run: Generator[Any, None, Ending]) -> Ending:
    """Return the end of a run whose parts nobody asked for."""
    while True:
        try:
            next(run)
        except StopIteration as end:
            ending: Ending = end.value
            return ending


def _joined(
    event: Event, submitted: Submitted, invocation: Invocation, services: Converse
) -> Shown:
    """Wait for the run that has the request already, and return its end."""
    api = services.api
    until = api.clock() + max(0.0, invocation.ports.seconds_left() - _LAST_SECONDS)

    def show(rows: Any) -> Shown:
        return completion(rows, submitted, api, services.settle)

    shown = deliver(submitted, until, show, api, services.undelivered)
    if shown is None:
        where = location_of(event, submitted.request_id)
        raise ApiError(
            "NotAnsweredYet",
            f"it is not answered yet, and goes on: GET {where}, or send the same again",
            request_id=submitted.request_id,
            headers={"location": where},
        )
    return shown


def _refused(event: Event, error: ApiError) -> StreamedResponse:
    error.message = in_openais_words(error.message)
    gateway_request_id = event["requestContext"].get("requestId") or ""
    return _json(error.status, error.body(gateway_request_id), error.headers)


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> StreamedResponse:
    shown = {"content-type": "application/json", **headers}
    return StreamedResponse.whole(status, shown, as_json(body).encode())
