"""The routes of the HTTP api; each reads its input, calls the core and answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver, Response

from cost_calculator.clock import iso
from cost_calculator.workflow_cost import WorkflowRun
from router.errors import InvalidRequest
from router.feedback import FeedbackRefused, Judged, Verdict, note_problem
from router.ingress.api.answers import Shown, headers_of, outcome
from router.ingress.api.callers import Callers
from router.ingress.api.cors import Cors
from router.ingress.api.delivery import deliver, delivered
from router.ingress.api.errors import ApiError, told_of
from router.ingress.api.lookup import answer_of, find, owned
from router.ingress.api.ports import ApiContext
from router.ingress.api.reading import body_of, location_of, query_of
from router.ingress.api.repeats import Undelivered
from router.ingress.api.submit import submit
from router.ingress.api.uploads import Sign, offered
from router.ingress.api.usage_report import Cells, spending
from router.ingress.api.views import Settle, view
from router.ingress.api.workflow_report import cost_of_run
from router.ingress.protocols.bodies import check, refuse
from router.ingress.protocols.reply import as_json

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
    steps: Callable[[str], WorkflowRun | None]
    sign_upload: Sign


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
        answer = deliver(
            submitted,
            until,
            lambda rows: _shown(outcome(rows, submitted, api, services.settle)),
            api,
            services.undelivered,
        )
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
        return _json(200, shown, headers_of(found, services.settle))

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

    @app.post("/uploads")
    def post_upload() -> Response[str]:
        tenant, given = _tenant(app, services), _body(app, api)
        return _json(201, offered(given, tenant, api.payload_bytes_limit, services.sign_upload), {})

    @app.get("/usage")
    def get_usage() -> Response[str]:
        query = query_of(app.current_event.raw_event, {"since", "by"})
        return _json(200, spending(query, _tenant(app, services), services.cells, api.now()), {})

    @app.get("/workflows/<workflow_id>")
    def get_workflow(workflow_id: str) -> Response[str]:
        return _json(200, cost_of_run(workflow_id, _tenant(app, services), services.steps), {})

    @app.not_found
    def no_route(_error: Exception) -> Response[str]:
        return _refused(app, ApiError("NotFound", "there is no such path: see docs/api.md"))

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def told(error: Exception) -> Response[str]:
        return _refused(app, told_of(error))

    return app


def _shown(shown: Shown) -> Response[str]:
    return _json(200, shown.body, shown.headers)


def _refused(app: APIGatewayRestResolver, error: ApiError) -> Response[str]:
    gateway_request_id = app.current_event.request_context.request_id or ""
    log = logger.info if error.reason is None else logger.error
    log("refused", status=error.status, kind=error.kind, reason=error.reason)
    return _json(error.status, error.body(gateway_request_id), error.headers)


def _tenant(app: APIGatewayRestResolver, services: Services) -> str:
    return services.callers.tenant_of(app.current_event.raw_event["requestContext"])


def _body(app: APIGatewayRestResolver, api: ApiContext) -> Any:
    return body_of(app.current_event.raw_event, api.payload_bytes_limit)


def _accepted(app: APIGatewayRestResolver, request_id: str) -> Response[str]:
    where = _location(app, request_id)
    body = {"request_id": request_id, "status": "STARTED", "location": where}
    headers = {"location": where, "retry-after": "1", "x-faregate-request-id": request_id}
    return _json(202, body, headers)


def _location(app: APIGatewayRestResolver, request_id: str) -> str:
    return location_of(app.current_event.raw_event, request_id)


def _json(status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> Response[str]:
    return Response(status, "application/json", as_json(body), dict(headers))
