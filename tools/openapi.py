"""Writes `docs/openapi.json`: the HTTP API as OpenAPI 3.0, from the schemas that check requests.

python -m tools.openapi           write it
python -m tools.openapi --check   exit 1 when it differs

The module makes the gateway from it: paths, verbs, parameters, and by the tag `protocol` which of
them stream. What only AWS knows (functions, authorizers, errors) the module adds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "openapi.json"
_SCHEMAS = {
    "Prompt": "intake/request.schema.json",
    "ChatCompletion": "ingress/protocols/chat.schema.json",
    "MessageAsked": "ingress/protocols/messages.schema.json",
    "ResponseAsked": "ingress/protocols/responses.schema.json",
    "Feedback": "ingress/api/feedback.schema.json",
    "File": "ingress/api/upload.schema.json",
}
PROTOCOL = "protocol"
"""The tag of what a provider's own client sends; its answers are streamed."""
_UNKNOWN_TO_IT = {"$schema", "propertyNames"}
_TEXT = {"type": "string"}
_MONEY = {"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$", "description": "US dollars."}
_COUNT = {"type": "integer", "minimum": 0}
_ID = {"type": "string", "pattern": "^[0-9A-Za-z_-]{1,80}$"}


def main(arguments: list[str]) -> int:
    """Write the document, or only compare it; answer the exit status."""
    wanted = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    if DOCUMENT.exists() and DOCUMENT.read_text(encoding="utf-8") == wanted:
        return 0
    if "--check" in arguments:
        print("docs/openapi.json is behind the schemas: run python -m tools.openapi")
        return 1
    DOCUMENT.write_text(wanted, encoding="utf-8")
    return 0


def document() -> dict[str, Any]:
    """Return the whole document."""
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "Faregate",
            "version": "1",
            "description": "Routes each prompt to the cheapest model that can answer it.",
        },
        "servers": [
            {
                "url": "https://{api}.execute-api.{region}.amazonaws.com/v1",
                "variables": {"api": {"default": "api-id"}, "region": {"default": "us-east-1"}},
            }
        ],
        # Which of them holds is the deployment's choice: `api.auth`.
        "security": [{"bearer": []}, {"apiKey": []}, {"sigv4": []}],
        "paths": _paths(),
        "components": {
            "schemas": {**_bodies(), **_answers()},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
            },
        },
    }


def _paths() -> dict[str, Any]:
    own = {"name": "id", "in": "path", "required": True, "schema": _ID}
    mode = _query("mode", {"enum": ["async"]}, "Answer 202 at once.")
    since = _query("since", {"pattern": "^([1-9][0-9]{0,3})[hdw]$"}, "Such as 7d; 31d at most.")
    by = _query("by", {"enum": ["model", "tier", "day"]}, "One line for each.")
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The request's id: the same key and body run once.",
        "schema": _ID,
    }
    session = {
        "name": "x-faregate-session",
        "in": "header",
        "description": "The session that the request belongs to: its costs are added up.",
        "schema": {"type": "string"},
    }
    parent = {
        "name": "x-faregate-parent",
        "in": "header",
        "description": "The run of a workflow that the request is a step of.",
        "schema": _ID,
    }
    workflow = {
        "name": "x-faregate-workflow",
        "in": "header",
        "description": "About that run: its workflow's name, this step, the most that it may cost.",
        "schema": {"type": "string", "example": "trips; step=plan; max_cost_usd=0.05"},
    }
    named = [key, session, parent, workflow]
    outcome = _answer("The request as it ended.", "Request", _SHOWN) | _LINKS
    waits = {
        "202": _answer("Accepted: see `location`.", "Started", ("location", "retry-after")) | _LINKS
    }
    return {
        "/prompts": {
            "post": _operation(
                "ask", "Route a prompt; wait up to 25 s.", {"200": outcome, **waits},
                parameters=[mode], body="Prompt",
                errors="400 401 402 403 404 409 413 429 502 503 504",
            )
        },
        "/prompts/{id}": {
            "get": _operation(
                "find", "State, answer, model, reasons and cost of a request of yours.",
                {"200": _answer("The current state of the request.", "Request", _SHOWN)},
                parameters=[own], errors="401 403 404 429 502 503 504",
            )
        },
        "/prompts/{id}/feedback": {
            "post": _operation(
                "judge", "Say whether the answer was good.",
                {"200": _answer("It is noted.", "Noted")},
                parameters=[own], body="Feedback",
                errors="400 401 403 404 409 413 429 502 503 504",
            )
        },
        "/uploads": {
            "post": _operation(
                "upload", "Where to PUT a file, and its address for requests.",
                {"201": _answer("Send the file so within five minutes.", "Upload")},
                parameters=[], body="File", errors="400 401 403 413 429 502 503 504",
            )
        },
        "/usage": {
            "get": _operation(
                "usage", "Your own spend and net savings.",
                {"200": _answer("Sums by group; days are whole UTC days.", "Usage")},
                parameters=[since, by], errors="400 401 403 429 502 503 504",
            )
        },
        "/workflows/{id}": {
            "get": _operation(
                "workflow", "What a workflow run of yours cost, step by step.",
                {"200": _answer("The steps and their sum.", "WorkflowRun")},
                parameters=[own], errors="400 401 403 404 429 502 503 504",
            )
        },
        "/chat/completions": {
            "post": _operation(
                "complete", "OpenAI's chat completions, whole or as a stream.",
                {"200": _streamed("Completion")},
                parameters=named, body="ChatCompletion", tags=[PROTOCOL],
                errors="400 401 402 403 404 409 413 429 502 503 504",
            )
        },
        **_other_protocols(own, named),
    }  # fmt: skip


def _other_protocols(own: Mapping[str, Any], headers: list[dict[str, Any]]) -> dict[str, Any]:
    def conversed(name: str, summary: str, body: str) -> dict[str, Any]:
        return _operation(
            name, summary, {"200": _streamed("Answered")}, tags=[PROTOCOL], body=body,
            parameters=headers, errors="400 401 402 403 404 409 413 429 502 503 504",
            error="MessageError" if name == "message" else "Error",
        )  # fmt: skip

    def asked(name: str, summary: str, answer: str, **options: Any) -> dict[str, Any]:
        responses = {"200": _answer(summary, answer)}
        errors = "400 401 403 404 413 429 502 503 504"
        return _operation(name, summary, responses, tags=[PROTOCOL], errors=errors, **options)

    count = "About how many tokens a message has."
    return {
        "/responses": {
            "post": conversed(
                "respond", "OpenAI's Responses, whole or as a stream.", "ResponseAsked"
            )
        },
        "/messages": {
            "post": conversed(
                "message", "Anthropic's messages, whole or as a stream.", "MessageAsked"
            )
        },
        "/messages/count_tokens": {
            "post": asked(
                "count", count, "Count", parameters=[], body="CountAsked", error="MessageError"
            )
        },
        "/models": {
            "get": asked("models", "The names that `model` may have.", "Models", parameters=[])
        },
        "/models/{id}": {
            "get": asked("model", "One of them.", "Model", parameters=[_of_model(own)])
        },
    }


def _of_model(own: Mapping[str, Any]) -> dict[str, Any]:
    return {**own, "description": "A name of GET /models.", "schema": {"type": "string"}}


def _streamed(schema: str) -> dict[str, Any]:
    """Return an answer that is JSON, or server-sent events where the body asks for a stream."""
    found = _answer("The answer, or its events as it is written.", schema, (*_SHOWN, _DROPPED))
    found["content"]["text/event-stream"] = {"schema": {"type": "string"}}
    return found


_DROPPED = "x-faregate-dropped"
_LINKS = {
    "links": {
        name: {"operationId": name, "parameters": {"id": "$response.body#/request_id"}}
        for name in ("find", "judge")
    }
}
_SHOWN = tuple(f"x-faregate-{name}" for name in ("request-id", "model", "tier", "cost-usd"))


def _query(name: str, schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": {"type": "string", **schema},
    }


def _operation(
    name: str,
    summary: str,
    responses: Mapping[str, Any],
    *,
    parameters: list[dict[str, Any]],
    errors: str,
    body: str | None = None,
    tags: Sequence[str] = (),
    error: str = "Error",
) -> dict[str, Any]:
    refused = {status: _answer("Refused.", error) for status in errors.split()}
    return {
        "operationId": name,
        **({"tags": list(tags)} if tags else {}),
        "summary": summary,
        "parameters": parameters,
        **({"requestBody": {"required": True, "content": _json(body)}} if body else {}),
        "responses": {**responses, **refused},
    }


def _answer(description: str, schema: str, headers: tuple[str, ...] = ()) -> dict[str, Any]:
    named = {name: {"schema": _TEXT} for name in headers}
    content = {"description": description, "content": _json(schema)}
    return content | ({"headers": named} if named else {})


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _bodies() -> dict[str, Any]:
    """Return the schemas of requests, without what is not the caller's to say."""
    read = {
        name: json.loads((ROOT / "src" / "router" / file).read_text(encoding="utf-8"))
        for name, file in _SCHEMAS.items()
    }
    for name in ("tenant", "rerun"):  # not the caller's to say
        del read["Prompt"]["properties"][name]
    read["Prompt"]["oneOf"] = [{"required": ["input"]}, {"required": ["messages"]}]
    return {name: as_openapi(schema) for name, schema in read.items()}


def as_openapi(schema: Any) -> Any:
    """Return a JSON Schema in OpenAPI 3.0's dialect, which has one type a schema."""
    if isinstance(schema, list):
        return [as_openapi(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    known = {name: rule for name, rule in schema.items() if name not in _UNKNOWN_TO_IT}
    converted = {name: as_openapi(rule) for name, rule in known.items()}
    if isinstance(types := converted.get("type"), list):
        del converted["type"]
        if "null" in types:
            types = [kind for kind in types if kind != "null"]
            converted["nullable"] = True
        rules = {name: converted.pop(name) for name in list(converted) if name != "description"}
        object_rules = {"additionalProperties", "required", "properties"}
        converted["anyOf"] = [
            {"type": kind}
            | {
                name: rule
                for name, rule in rules.items()
                if kind == "object" or name not in object_rules
            }
            for kind in types
        ]
        if len(types) == 1:
            converted |= converted.pop("anyOf")[0]
    return converted


def _answers() -> dict[str, Any]:
    error = _object(
        {"type": _TEXT, "message": _TEXT, "request_id": _TEXT}, "type message request_id"
    )
    status = {
        "enum": [
            *("STARTED", "NOT_ACCEPTED", "ACCEPTED", "PENDING_REVIEW", "SUCCEEDED", "TRUNCATED"),
            *("REFUSED", "FILTERED", "BLOCKED", "FAILED"),
        ]
    }
    costs = {
        "cost_status": _TEXT,
        "cost_usd": _MONEY | {"description": "US dollars; absent if it is not known."},
        "baseline_usd": _MONEY,
        "overhead_usd": _MONEY,
    }
    attempt = {
        **dict.fromkeys(("provider", "model", "purpose", "outcome", "cause"), _TEXT),
        **dict.fromkeys(("started_at", "ended_at", "cost_status"), _TEXT),
        **dict.fromkeys(("retries", "latency_ms", "input_tokens", "output_tokens"), _COUNT),
        "cost_usd": _MONEY,
    }
    request = {
        "request_id": _ID,
        "status": status,
        "output": _TEXT,
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "reasons": {"type": "array", "items": _TEXT},
        "attempts": {"type": "array", "items": _object(attempt, "outcome")},
        "metadata": {"type": "object", "additionalProperties": _TEXT},
        **dict.fromkeys(("complexity", "tier", "model", "provider", "cause"), _TEXT),
        **dict.fromkeys(("fallback_cause", "accepted_at", "ended_at"), _TEXT),
        **dict.fromkeys(("feedback", "feedback_note"), _TEXT),
        "error": error,
        **costs,
    }
    upload = {
        **dict.fromkeys(("s3", "method", "url"), _TEXT),
        "headers": {"type": "object", "additionalProperties": _TEXT},
        "expires_in": _COUNT,
    }
    noted = {"request_id": _ID, "feedback": _TEXT, "feedback_at": _TEXT, "feedback_note": _TEXT}
    sums = {"type": "object", "additionalProperties": _TEXT}
    usage = {
        **dict.fromkeys(("from_day", "to_day", "by", "savings"), _TEXT),
        "lines": {"type": "array", "items": sums},
        "total": sums,
        "gaps": sums,
    }
    return {
        "Request": _object(request, "request_id status"),
        "Started": _object(
            {"request_id": _ID, "status": {"enum": ["STARTED"]}, "location": _TEXT},
            "request_id status location",
        ),
        "Upload": _object(upload, " ".join(upload)),
        "Noted": _object(noted, "request_id feedback feedback_at"),
        "Usage": _object(usage, " ".join(usage)),
        "WorkflowStep": _workflow_step(),
        "WorkflowRun": _workflow_run(sums),
        "Completion": _completion(),
        "Answered": {"type": "object", "description": "As the provider's own API answers."},
        "Count": _object({"input_tokens": _COUNT}, "input_tokens"),
        "CountAsked": {"type": "object", "description": "A message; `max_tokens` may be absent."},
        "Model": _object({"id": _TEXT, "object": {"enum": ["model"]}}, "id object"),
        "Models": _object({"data": {"type": "array", "items": {"type": "object"}}}, "data"),
        "Error": _object({"error": error}, "error"),
        # As Anthropic's clients read it; the gateway's own refusals have the shape of Error.
        "MessageError": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "type": {"enum": ["error"]},
                "error": _object({"type": _TEXT, "message": _TEXT}, "type message"),
                "request_id": _TEXT,
            },
        },
    }


_FIGURES = {
    **dict.fromkeys(("attempts", "retries", "tokens_in", "tokens_out", "pending"), _COUNT),
    **dict.fromkeys(("cost_usd", "total_usd"), _MONEY | {"description": "Absent if not known."}),
    "overhead_usd": _MONEY,
}
_STEPS = {"type": "array", "items": {"$ref": "#/components/schemas/WorkflowStep"}}


def _workflow_step() -> dict[str, Any]:
    named = {"request_id": _ID, **dict.fromkeys(("step", "status", "model"), _TEXT)}
    return _object({**named, **_FIGURES, "steps": _STEPS}, "request_id step status overhead_usd")


def _workflow_run(gaps: Mapping[str, Any]) -> dict[str, Any]:
    total = _object(_FIGURES, "overhead_usd")
    own = dict.fromkeys(("own_cost_usd", "own_overhead_usd", "own_total_usd"), _MONEY)
    about = dict.fromkeys(("workflow", "status", "cause"), _TEXT)
    shown = {"workflow_id": _ID, **about, "steps": _STEPS, **own}
    return _object(
        {**shown, "total": total, "gaps": gaps}, "workflow_id steps own_overhead_usd total gaps"
    )


def _completion() -> dict[str, Any]:
    message = _object(
        {"role": {"enum": ["assistant"]}, "content": _TEXT, "refusal": {**_TEXT, "nullable": True}},
        "role content",
    )
    choice = _object(
        {
            "index": _COUNT,
            "message": message,
            "finish_reason": {"enum": ["stop", "length", "content_filter"]},
            "logprobs": {"type": "object", "nullable": True},
        },
        "index message finish_reason",
    )
    counts = ("prompt_tokens", "completion_tokens", "total_tokens")
    usage = _object(dict.fromkeys(counts, _COUNT), " ".join(counts))
    return _object(
        {
            "id": _ID,
            "object": {"enum": ["chat.completion"]},
            "created": _COUNT,
            "model": _TEXT,
            "choices": {"type": "array", "minItems": 1, "maxItems": 1, "items": choice},
            "usage": usage | {"description": "Absent if the tokens are not known."},
        },
        "id object created model choices",
    )


def _object(properties: Mapping[str, Any], required: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": required.split()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
