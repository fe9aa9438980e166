"""What a connection sends: each frame is answered by frames, and a bad one costs itself alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cost_calculator.row_keys import key_of
from router.errors import StoreUnavailable
from router.ingress.api.callers import Callers
from router.ingress.api.errors import ApiError, told_of
from router.ingress.api.ports import ApiContext
from router.ingress.api.reading import Event
from router.ingress.api.submit import recognise, start
from router.ingress.websocket import frames
from router.ingress.websocket.ending import Following
from router.ingress.websocket.frames import Ask, Cancel, Ping
from router.ingress.websocket.listeners import Listeners, Post

SUBPROTOCOL = "faregate"
"""What the server chooses of the subprotocols that a page offers; the other one is its key."""

_CALLERS = Callers("AUTHORIZER", {})
_FINE: dict[str, Any] = {"statusCode": 200}


@dataclass(frozen=True, slots=True)
class Session:
    """What the entry point needs; ``follow`` has another function wait for a request's end."""

    api: ApiContext
    listeners: Listeners
    post: Post
    follow: Callable[[Following], None]
    note_refusal: Callable[[ApiError], None]


def respond(event: Event, services: Session) -> dict[str, Any]:
    """Answer an event of the gateway: a connection that opens or closes, or a frame."""
    context = event["requestContext"]
    match context["eventType"]:
        case "CONNECT":
            return _connected(event, services)
        case "DISCONNECT":
            with suppress(StoreUnavailable):  # it expires
                services.listeners.disconnect(context["connectionId"])
            return _FINE
    _answer(event, services)
    return _FINE


def _connected(event: Event, services: Session) -> dict[str, Any]:
    context = event["requestContext"]
    try:
        tenant = _CALLERS.tenant_of(context)
        services.listeners.connect(context["connectionId"], tenant)
    except Exception as error:
        refusal = told_of(error)
        services.note_refusal(refusal)
        return {"statusCode": refusal.status}
    if SUBPROTOCOL not in _offered(event):
        return _FINE
    return {**_FINE, "headers": {"Sec-WebSocket-Protocol": SUBPROTOCOL}}


def _offered(event: Event) -> set[str]:
    """Return the subprotocols that a client offers, in one header or in several."""
    single, lists = event.get("headers") or {}, event.get("multiValueHeaders") or {}
    sent = [*single.items(), *((name, value) for name in lists for value in lists[name])]
    names = (value for name, value in sent if name.lower() == "sec-websocket-protocol")
    return {name.strip() for value in names for name in value.split(",")}


def _answer(event: Event, services: Session) -> None:
    connection, text = event["requestContext"]["connectionId"], str(event.get("body") or "")
    ref = frames.ref_of(text)
    try:
        frame = frames.read_frame(text)
        tenant = services.listeners.tenant_of(connection)
        if tenant is None:
            raise ApiError("Unauthorized", "this connection has no key any more: connect again")
        match frame:
            case Ask(request):
                _ask(request, tenant, connection, ref, services)
            case Cancel(request_id):
                _cancel(request_id, tenant, connection, services)
                services.post(connection, frames.cancelled(request_id, ref))
            case Ping():
                services.post(connection, frames.pong(ref))
    except Exception as error:
        refusal = told_of(error)
        services.note_refusal(refusal)
        gateway_id = str(event["requestContext"].get("requestId") or "")
        services.post(connection, frames.error(refusal, gateway_id, ref))


def _ask(
    request: Mapping[str, Any], tenant: str, connection: str, ref: str | None, services: Session
) -> None:
    known = recognise(request, tenant, services.api)
    key = known.identity.key
    # Before the run can have a model that writes: whoever calls it looks here.
    services.listeners.listen(key, connection)
    try:
        services.post(connection, frames.received(known.identity.request_id, ref))
        services.follow(Following(connection, start(known, services.api)))
    except Exception:
        with suppress(StoreUnavailable):
            services.listeners.leave(key, connection)
        raise


def _cancel(request_id: str, tenant: str, connection: str, services: Session) -> None:
    if not services.listeners.leave(key_of(tenant, request_id), connection):
        message = "this connection waits for no such request"
        raise ApiError("NotFound", message, request_id=request_id)
