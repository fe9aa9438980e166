"""What a caller sent: body, query and headers of an event of API Gateway, bounded before use. Pure.

The gateway checks no body, since it has one constant text for all that is wrong with one. So
whatever was sent comes here, and each refusal explains what to write.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from typing import Any

from router.encoding import MAX_DEPTH, is_deeper
from router.errors import InvalidRequest
from router.ingress.api.errors import ApiError

Event = Mapping[str, Any]


def body_of(event: Event, most: int) -> Any:
    """Return the JSON in a body, whatever type it claims to be; raise what is wrong with it."""
    text = event.get("body") or ""
    return json_in(text, most, "body", is_base64=bool(event.get("isBase64Encoded")))


def json_in(text: str, most: int, what: str, *, is_base64: bool = False) -> dict[str, Any]:
    """Return the JSON object that a body or a frame is; raise what is wrong with it."""
    if len(text) > most:
        raise ApiError(
            "RequestTooLarge",
            f"the {what} takes over {most} bytes: shorten it, or upload its files"
            " (POST /v1/uploads) and name them by their s3:// addresses",
        )
    try:
        if is_base64:
            text = base64.b64decode(text, validate=True).decode()
        value = json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        raise InvalidRequest(f"the {what} must be JSON in UTF-8, a JSON object") from None
    if not isinstance(value, dict):
        raise InvalidRequest(f"the {what} must be a JSON object")
    if is_deeper(value, MAX_DEPTH):
        raise InvalidRequest(f"the {what} is nested more than {MAX_DEPTH} levels deep: flatten it")
    return value


def query_of(event: Event, known: set[str]) -> dict[str, str]:
    """Return the parameters of a query; raise ``InvalidRequest`` for others, or for one twice."""
    lists = event.get("multiValueQueryStringParameters") or {}
    single = event.get("queryStringParameters") or {}
    found = {name: [value] for name, value in single.items()} | dict(lists)
    if unknown := found.keys() - known:
        raise InvalidRequest(
            f"the query knows {', '.join(sorted(known))} and not {len(unknown)} other name(s)"
        )
    for name, values in found.items():
        if len(values) > 1:
            raise InvalidRequest(f"the query must name `{name}` once")
    return {name: str(values[0]) for name, values in found.items()}


def header_of(event: Event, name: str) -> str | None:
    """Return the one value of a header, ``None`` if it was not sent."""
    lists = event.get("multiValueHeaders") or {}
    single = event.get("headers") or {}
    sent = {each: [value] for each, value in single.items()} | dict(lists)
    values = {
        str(value) for each, values in sent.items() if each.lower() == name for value in values
    }
    if len(values) > 1:
        raise InvalidRequest(f"send the header `{name.title()}` once")
    return values.pop() if values else None


def location_of(event: Event, request_id: str) -> str:
    """Return the path of a request as its caller reaches it, under a stage or a domain."""
    context = event["requestContext"]
    base = str(context.get("path", "")).removesuffix(str(context.get("resourcePath", "")))
    return f"{base}/prompts/{request_id}"


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("JSON has no such number")
    return value
