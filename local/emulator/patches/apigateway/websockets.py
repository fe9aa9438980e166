"""A WebSocket API answers a handshake with the function's subprotocol, and has AWS's sizes.

AWS: the `Sec-WebSocket-Protocol` of what the function behind `$connect` returns is the one that the
client gets; a browser refuses a connection whose offer was not answered. A message has at most 128
KB: a larger one of a client ends the connection (1009), a larger one for it is a 413. A function
that fails refuses the connection, or costs its message an `Internal server error`; each message has
an execution environment to itself. An authorizer has no payload version.
`AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` names the API by its host.
MiniStack 1.5.33: answers no subprotocol and knows no sizes; takes our workers' errors for answers,
and has one worker for all messages of a function; every authorizer has the version 2.0, which
Terraform then wants to take away. No name of AWS's leads to it: a function's variable is written to
the emulator's address (`local/emulator/worker.py`).
"""

import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import apigateway

from local.emulator.patches.lambda_.errors import run
from local.emulator.patches.registry import replaces

Message = dict[str, Any]

MOST_BYTES = 128 * 1024
_HEADER = "sec-websocket-protocol"
_chosen: ContextVar[dict[str, str] | None] = ContextVar("subprotocol", default=None)


@replaces(apigateway, "handle_websocket")
async def handle_with_subprotocol(
    original: Callable[..., Awaitable[None]],
    scope: Any,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
    *api: Any,
    **path: Any,
) -> None:
    """Accept with the subprotocol that the function chose; end what sends too much."""
    chosen: dict[str, str] = {}
    _chosen.set(chosen)

    async def send_chosen(message: Message) -> None:
        if message["type"] == "websocket.accept" and (name := chosen.get(_HEADER)):
            message = {**message, "subprotocol": name}
        await send(message)

    async def receive_limited() -> Message:
        message = await receive()
        sent = message.get("bytes") or (message.get("text") or "").encode()
        if message["type"] == "websocket.receive" and len(sent) > MOST_BYTES:
            await send({"type": "websocket.close", "code": 1009})
            return {"type": "websocket.disconnect", "code": 1009}
        return message

    await original(scope, receive_limited, send_chosen, *api, **path)


@replaces(apigateway, "_invoke_ws_lambda")
async def invoke_and_remember(
    original: Callable[..., Awaitable[Any]], *where: Any, **caller: Any
) -> Any:
    """Remember what the function behind `$connect` answers as its headers."""
    answer = await original(*where, **caller)
    chosen = _chosen.get()
    if "CONNECT" in where and chosen is not None:
        headers = (answer or {}).get("headers") or {}
        chosen.update({name.lower(): value for name, value in headers.items()})
    return answer


@replaces(apigateway, "handle_connections_api")
async def post_limited(
    original: Callable[..., Awaitable[Any]],
    method: str,
    api: str,
    stage: str,
    connection: str,
    body: bytes,
    headers: Any,
) -> Any:
    """Refuse what is too large for a message."""
    if method == "POST" and len(body) > MOST_BYTES:
        kind = {"Content-Type": "application/json", "x-amzn-ErrorType": "PayloadTooLargeException"}
        return 413, kind, b'{"message": "Message too long"}'
    return await original(method, api, stage, connection, body, headers)


@replaces(apigateway, "_create_authorizer")
def create_without_versions(original: Callable[..., Any], api: str, data: dict[str, Any]) -> Any:
    """Give an authorizer of a WebSocket API nothing that only those of HTTP APIs have."""
    status, headers, body = original(api, data)
    made = json.loads(body)
    if status != 201 or apigateway._apis[api].get("protocolType") != "WEBSOCKET":
        return status, headers, body
    kept = apigateway._authorizers[api][made["authorizerId"]]
    for name in ("jwtConfiguration", "authorizerPayloadFormatVersion"):
        del kept[name], made[name]
    return status, headers, json.dumps(made).encode()


@replaces(lambda_runtime, "get_or_create_worker")
def an_environment_for_each(
    _original: Callable[..., Any],
    _name: str,
    config: dict[str, Any],
    code: bytes,
    **_version: Any,
) -> Any:
    """Give a message, the only caller of this function, a worker of the pool."""
    return _Pooled(config, code)


class _Pooled:
    def __init__(self, config: dict[str, Any], code: bytes) -> None:
        self._config = config
        self._code = code

    def invoke(self, event: Any, request_id: str) -> dict[str, Any]:
        answer = run(self._config, self._code, event, request_id)
        if answer.get("error"):
            return {"status": "error", "error": json.dumps({"message": "Internal server error"})}
        return {"result": answer["body"]}
