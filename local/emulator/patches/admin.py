"""A control surface for tests, next to the emulator's own `/_ministack/...` paths.

AWS has no such thing: it is how a test makes happen what AWS does by accident (a killed Lambda, a
record delivered twice). Other patches register a path here; bodies are JSON both ways.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack import app as ministack

from local.emulator.patches.registry import replaces

PREFIX = "/_local/"

Route = Callable[[str, dict[str, Any]], dict[str, Any]]
_routes: dict[str, Route] = {}

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def route(path: str, handler: Route) -> None:
    """Serve `/_local/<path>` by `handler(method, body)`; a ValueError becomes a 400."""
    _routes[PREFIX + path] = handler


@replaces(ministack, "app")
async def app(
    original: Callable[[Scope, Receive, Send], Awaitable[None]],
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer the control paths in front of the emulator's application."""
    handler = _routes.get(scope.get("path", "")) if scope["type"] == "http" else None
    if handler is None:
        await original(scope, receive, send)
        return
    status, answer = 200, {}
    try:
        body = await _read(receive)
        answer = handler(scope["method"], json.loads(body) if body else {})
    except ValueError as error:
        status, answer = 400, {"error": str(error)}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"application/json")],
        }
    )
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


async def _read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body
