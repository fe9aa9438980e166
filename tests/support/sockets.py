"""A WebSocket client of the tests: frames in JSON, one after another."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Message,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import RemoteProtocolError

from tests.support.patience import HANGS_SECONDS

Frame = dict[str, Any]


class Refused(Exception):
    """The handshake got an HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


class Socket:
    """One connection; ``subprotocol`` is the one that the server chose."""

    def __init__(
        self, url: str, headers: dict[str, str] | None = None, subprotocols: tuple[str, ...] = ()
    ) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), HANGS_SECONDS)
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._events: list[Any] = []
        self._text = ""
        extra = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        self._write(
            Request(
                host=parts.netloc,
                target=parts.path or "/",
                subprotocols=list(subprotocols),
                extra_headers=extra,
            )
        )
        match self._next():
            case AcceptConnection() as accepted:
                self.subprotocol = accepted.subprotocol
            case RejectConnection() as rejected:
                self._socket.close()
                raise Refused(rejected.status_code)
            case _:
                self._socket.close()
                raise Refused(0)

    def __enter__(self) -> Socket:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, frame: Any) -> None:
        """Send a frame, or a text as it is."""
        self._write(TextMessage(frame if isinstance(frame, str) else json.dumps(frame)))

    def receive(self) -> Frame:
        """Return the next frame; raise ``EOFError`` if the connection ends before it."""
        while True:
            match self._next():
                case Message(data=data, message_finished=finished):
                    self._text += str(data)
                    if finished:
                        text, self._text = self._text, ""
                        found: Frame = json.loads(text)
                        return found
                case Ping() as ping:
                    self._write(ping.response())
                case CloseConnection(code=code):
                    raise EOFError(code)

    def until(self, *kinds: str, of: Callable[[Frame], bool] = lambda _: True) -> Iterator[Frame]:
        """Yield frames up to the first of these types."""
        while True:
            frame = self.receive()
            yield frame
            if frame["type"] in kinds and of(frame):
                return

    def close(self) -> None:
        """Close the connection, and do not wait for the server."""
        self._socket.close()

    def _write(self, event: Any) -> None:
        self._socket.sendall(self._ws.send(event))

    def _next(self) -> Any:
        while not self._events:
            data = self._socket.recv(65_536)
            try:
                self._ws.receive_data(data or None)
            except RemoteProtocolError as error:
                self.close()
                raise EOFError("the server closed without an answer") from error
            self._events += self._ws.events()
        return self._events.pop(0)


def text_of(frames: list[Frame]) -> str:
    """Return the text that the last answer in these frames has."""
    text = ""
    for frame in frames:
        if frame["type"] in ("begin", "restart"):
            text = ""
        elif frame["type"] == "delta":
            text += frame["delta"].get("content", "")
    return text


def kinds(frames: list[Frame]) -> list[str]:
    """Return the types of frames, repeated ones once."""
    found: list[str] = []
    for frame in frames:
        if not found or found[-1] != frame["type"]:
            found.append(frame["type"])
    return found
