"""A MOCK integration runs its response template, which may name headers; it has no method.

AWS: a mapping template is Velocity; what it sets as `$context.responseOverride.header.NAME` is a
header of the answer, in place of the mapped one. A 204 has no body. GetIntegration
answers no `httpMethod` that was not put.
MiniStack 1.5.33: the template's text is the body, and "{}" where there is none; the method is POST,
so that Terraform plans the integration again and again.
"""

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import airspeed
from ministack.services import apigateway_v1

from local.emulator.patches.registry import exchanges, replaces

_sent: ContextVar[dict[str, str]] = ContextVar("headers")

Answer = tuple[int, dict[str, Any], bytes]


@exchanges(airspeed.SetDirective, "PLACE")
def place_with_hyphens(_original: object) -> re.Pattern[str]:
    """Velocity's identifiers may have hyphens, as names of headers do; airspeed's may not."""
    name = "[a-z_][a-z0-9_-]*"
    return re.compile(rf"\s*\$({name}(?:\.{name})*)", re.IGNORECASE)


@replaces(apigateway_v1, "handle_execute")
async def remember_and_handle(original: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """Remember the headers that were sent."""
    _api, _stage, _method, _path, headers, _body, _query = args
    _sent.set(headers or {})
    return await original(*args)


@replaces(apigateway_v1, "_invoke_mock_v1")
def invoke_and_run(original: Callable[..., Answer], integration: dict[str, Any]) -> Answer:
    """Run the template of the answer."""
    return _run(*original(integration))


@replaces(apigateway_v1, "_put_integration")
def put_without_method(
    original: Callable[..., Any], api: str, resource: str, verb: str, data: dict[str, Any]
) -> Any:
    """Keep the method that was put, if any."""
    response = original(api, resource, verb, data)
    if response[0] == 201 and data.get("type") == "MOCK":
        kept = apigateway_v1._resources[api][resource]["resourceMethods"][verb]
        kept["methodIntegration"]["httpMethod"] = data.get("httpMethod")
    return response


def _run(status: int, headers: dict[str, Any], template: bytes) -> Answer:
    overridden: dict[str, str] = {}
    sent = {"header": _sent.get()}
    known = {
        "input": SimpleNamespace(params=lambda: sent),
        "context": {"responseOverride": {"header": overridden}},
    }
    body = airspeed.Template(template.decode()).merge(known)
    names = {name.lower() for name in overridden}
    mapped = {name: value for name, value in headers.items() if name.lower() not in names}
    return status, mapped | overridden, b"" if status == 204 else body.encode()
