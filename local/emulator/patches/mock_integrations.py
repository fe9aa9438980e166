"""A MOCK integration runs its response template, which may name headers; it has no method.

AWS: a mapping template is Velocity; what it sets as `$context.responseOverride.header.NAME` is a
header of the answer, in place of the mapped one. A 204 has no body. GetIntegration tells no
`httpMethod` that was not put.
MiniStack 1.5.33: the template's text is the body, and "{}" where there is none; the method is POST,
so that Terraform plans the integration again and again.
"""

import re
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import airspeed
from ministack.services import apigateway_v1

_sent: ContextVar[dict[str, str]] = ContextVar("headers")

Answer = tuple[int, dict[str, Any], bytes]


def apply() -> None:
    """Remember what was sent, and run the template of the answer to it."""
    # Velocity's identifiers may have hyphens, as names of headers do; airspeed's may not.
    name = "[a-z_][a-z0-9_-]*"
    airspeed.SetDirective.PLACE = re.compile(rf"\s*\$({name}(?:\.{name})*)", re.IGNORECASE)
    handle_execute = apigateway_v1.handle_execute
    invoke_mock = apigateway_v1._invoke_mock_v1
    put_integration = apigateway_v1._put_integration

    async def remember_and_handle(*args: Any) -> Any:
        _api, _stage, _method, _path, headers, _body, _query = args
        _sent.set(headers or {})
        return await handle_execute(*args)

    def invoke_and_run(integration: dict[str, Any]) -> Answer:
        return _run(*invoke_mock(integration))

    def put_without_method(api: str, resource: str, verb: str, data: dict[str, Any]) -> Any:
        response = put_integration(api, resource, verb, data)
        if response[0] == 201 and data.get("type") == "MOCK":
            kept = apigateway_v1._resources[api][resource]["resourceMethods"][verb]
            kept["methodIntegration"]["httpMethod"] = data.get("httpMethod")
        return response

    apigateway_v1.handle_execute = remember_and_handle
    apigateway_v1._put_integration = put_without_method
    apigateway_v1._invoke_mock_v1 = invoke_and_run


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
