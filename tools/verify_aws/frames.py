"""One request over a WebSocket, its frames as they come."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Ping, RejectConnection, Request, TextMessage

from tools.verify_aws.target import CheckFailed

_SILENT_SECONDS = 120.0
_LAST = ("done", "error")


def frames_of(url: str, key: str, request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the frames that answer a request, up to the last one."""
    parts = urlsplit(url)
    handshake = Request(
        host=parts.netloc,
        target=parts.path or "/",
        extra_headers=[(b"authorization", f"Bearer {key}".encode())],
    )
    ask = TextMessage(data=json.dumps({"action": "ask", "request": dict(request)}))
    text = ""
    with closing(_connected(str(parts.hostname), parts.scheme, parts.port)) as wire:
        ends = WSConnection(ConnectionType.CLIENT)
        wire.sendall(ends.send(handshake))
        while data := wire.recv(65_536):
            ends.receive_data(data)
            for event in ends.events():
                match event:
                    case AcceptConnection():
                        wire.sendall(ends.send(ask))
                    case RejectConnection():
                        raise CheckFailed(f"the handshake got status {event.status_code}")
                    case Ping():
                        wire.sendall(ends.send(event.response()))
                    case TextMessage():
                        text += event.data
                        if event.message_finished:
                            frame, text = json.loads(text), ""
                            yield frame
                            if frame["type"] in _LAST:
                                return
    raise CheckFailed("the connection was closed before the last frame")


def _connected(host: str, scheme: str, port: int | None) -> socket.socket:
    if scheme != "wss":
        return socket.create_connection((host, port or 80), _SILENT_SECONDS)
    plain = socket.create_connection((host, port or 443), _SILENT_SECONDS)
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
