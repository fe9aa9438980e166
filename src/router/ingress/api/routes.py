"""The routes of the HTTP api; each reads its input, calls the core and answers."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response

from cost_calculator.clock import iso
from cost_calculator.ledger import ANSWERED
from router.errors import InvalidRequest
from router.feedback import FeedbackRefused, Judged, Verdict, note_problem
from router.ingress.api.callers import Callers
from router.ingress.api.cors import Cors
from router.ingress.api.delivery import deliver, delivered
from router.ingress.api.errors import ApiError, as_api_error
from router.ingress.api.lookup import answer_of, failure, find, owned
from router.ingress.api.ports import ApiContext, Rows
from router.ingress.api.reading import body_of, header_of, query_of
from router.ingress.api.repeats import Undelivered
from router.ingress.api.submit import Submitted, submit
from router.ingress.api.usage_report import Cells, spending
from router.ingress.api.views import Settle, settled_attempts, view
from router.ingress.protocols.bodies import check, refuse
from router.ingress.protocols.openai_chat import in_openais_words, to_completion, to_request
from router.ingress.protocols.reply import WITHHELD, as_json, reply_of

# The gateway gives an answer 29 s. A cold start and the last look are within the difference.
WAIT_SECONDS = 25.0

_FEEDBACK = Path(__file__).with_name("feedback.schema.json")

logger = Logger()


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes need beside the event."""

    api: ApiContext
    callers: Callers
    settle: Settle
    cells: Cells
    judge: Callable[[str, Verdict, str, str], Judged]
    undelivered: Undelivered


Answer = Response[str] | None
Show = Callable[[Rows, Submitted, Services], Response[str]]


def routes(services: Services, cors: Cors | None = None) -> APIGatewayRestResolver:
    """Return the resolver; called once a process. Without ``cors`` no answer is for a page."""
    app = APIGatewayRestResolver(cors=cors)
    api = services.api

    @app.post("/prompts")
    def post_prompt() -> Response[str]:
        mode = query_of(app.current_event.raw_event, {"mode"}).get("mode")
        if mode not in (None, "async"):
            raise InvalidRequest("`mode` must be async, or be left out")
        until = api.clock() + WAIT_SECONDS
        submitted = submit(_body(app, api), _tenant(app, services), api)
        if mode == "async":
            return _accepted(app, submitted.request_id)
        answer = _delivered(submitted, until, _outcome, services)
        return answer or _accepted(app, submitted.request_id)

    @app.get("/prompts/<request_id>")
    def get_prompt(request_id: str) -> Response[str]:
        found = find(request_id, _tenant(app, services), api)
        if found is None:
            return _json(200, {"request_id": request_id, "status": "STARTED"}, {})
        if isinstance(found, ApiError):
            refused = {"request_id": request_id, "status": "NOT_ACCEPTED", **found.body("")}
            return _json(200, refused, {})
        shown = view(found, answer_of(found, api), services.settle)
        delivered(found, services.undelivered)
        return _json(200, shown, _headers(found, services))

    @app.post("/prompts/<request_id>/feedback")
    def post_feedback(request_id: str) -> Response[str]:
        tenant, given = _tenant(app, services), _body(app, api)
        check(given, _FEEDBACK)
        key = owned(request_id, tenant, api)
        note = given.get("note", "")
        refuse([problem] if (problem := note_problem(note)) else [])
        try:
            written = services.judge(key, given["feedback"], tenant, note)
        except FeedbackRefused as error:
            raise ApiError("FeedbackRefused", str(error), request_id=request_id) from error
        said = given if written.has_note else {"feedback": given["feedback"]}
        return _json(200, {"request_id": request_id, **said, "feedback_at": iso(written.at)}, {})

    @app.get("/usage")
    def get_usage() -> Response[str]:
        query = query_of(app.current_event.raw_event, {"since", "by"})
        return _json(200, spending(query, _tenant(app, services), services.cells, api.now()), {})

    @app.post("/chat/completions")
    def post_completion() -> Response[str]:
        until = api.clock() + WAIT_SECONDS
        request = to_request(_body(app, api)) | {"unsupported_options": "drop"}
        key = header_of(app.current_event.raw_event, "idempotency-key")
        if key is not None:
            request["request_id"] = key
        submitted = submit(request, _tenant(app, services), api)
        answer = _delivered(submitted, until, _completion, services)
        if answer is None:
            where = _location(app, submitted.request_id)
            raise ApiError(
                "NotAnsweredYet",
                f"it is not answered yet, and goes on: GET {where}, or send the same again",
                request_id=submitted.request_id,
                headers={"location": where},
            )
        return answer

    @app.not_found
    def no_route(_error: Exception) -> Response[str]:
        return _refused(app, ApiError("NotFound", "there is no such path: see docs/api.md"))

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def told(error: Exception) -> Response[str]:
        known = _told(error)
        if app.current_event.resource == "/chat/completions":
            known.message = in_openais_words(known.message)
        return _refused(app, known)

    return app


def _delivered(submitted: Submitted, until: float, show: Show, services: Services) -> Answer:
    return deliver(
        submitted,
        until,
        lambda rows: show(rows, submitted, services),
        services.api,
        services.undelivered,
    )


def _outcome(rows: Rows, submitted: Submitted, services: Services) -> Response[str]:
    return _json(200, _answered(rows, submitted, services), _headers(rows, services))


def _completion(rows: Rows, submitted: Submitted, services: Services) -> Response[str]:
    is_withheld = rows["REQUEST"]["status"] in WITHHELD
    shown = (
        view(rows, None, services.settle) if is_withheld else _answered(rows, submitted, services)
    )
    attempts = settled_attempts(rows, services.settle)
    return _json(200, to_completion(reply_of(shown, attempts)), _headers(rows, services))


def _answered(rows: Rows, submitted: Submitted, services: Services) -> dict[str, Any]:
    """Return what a caller is shown of an answer; raise why there is none."""
    if rows["REQUEST"]["status"] not in ANSWERED:
        raise failure(rows, is_named=submitted.is_named)
    output = answer_of(rows, services.api)
    if output is None:
        raise ApiError("NotFound", "the answer's text has expired", request_id=submitted.request_id)
    return view(rows, output, services.settle)


def _headers(rows: Rows, services: Services) -> dict[str, str]:
    """Return model, tier and cost as headers; what is not known has none."""
    shown = view(rows, None, services.settle)
    named = {"request-id": "request_id", "model": "model", "tier": "tier", "cost-usd": "cost_usd"}
    return {
        f"x-faregate-{header}": str(shown[name]) for header, name in named.items() if name in shown
    }


def _told(error: Exception) -> ApiError:
    if known := as_api_error(error):
        return known
    # No message: it may quote a prompt.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(frame.filename).name}:{frame.lineno}"
    logger.error("unexpected", error=type(error).__name__, where=where)
    return ApiError("InternalError", "something went wrong behind this api; its log says what")


def _refused(app: APIGatewayRestResolver, error: ApiError) -> Response[str]:
    gateway_request_id = app.current_event.request_context.request_id or ""
    log = logger.info if error.reason is None else logger.error
    log("refused", status=error.status, kind=error.kind, reason=error.reason)
    return _json(error.status, error.body(gateway_request_id), error.headers)


def _tenant(app: APIGatewayRestResolver, services: Services) -> str:
    return services.callers.tenant_of(app.current_event.raw_event["requestContext"])


def _body(app: APIGatewayRestResolver, api: ApiContext) -> Any:
    return body_of(app.current_event.raw_event, api.input_bytes_limit)


def _accepted(app: APIGatewayRestResolver, request_id: str) -> Response[str]:
    where = _location(app, request_id)
    body = {"request_id": request_id, "status": "STARTED", "location": where}
    headers = {"location": where, "retry-after": "1", "x-faregate-request-id": request_id}
    return _json(202, body, headers)


def _location(app: APIGatewayRestResolver, request_id: str) -> str:
    """Return the path of a request as its caller reaches it, under a stage or a domain."""
    context = app.current_event.raw_event["requestContext"]
    base = str(context.get("path", "")).removesuffix(str(context.get("resourcePath", "")))
    return f"{base}/prompts/{request_id}"


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response[str]:
    return Response(status, "application/json", as_json(body), dict(headers))
