"""Pushes an answer to its listener while a model writes it.

The request never depends on it: a connection that is gone, or cannot take more, ends the pushing,
and the model is read to its end all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from router.conversation.events import Begun, Delta
from router.errors import StoreUnavailable
from router.ingress.websocket import frames
from router.ingress.websocket.coalescing import Coalescer, small
from router.ingress.websocket.listeners import Listener, Listeners, Post, Sent
from router.invocation.attempt import Attempt
from router.invocation.call import Answer
from router.invocation.speak import Speaking

# A client that has cancelled gets no frame after so many seconds.
_LOOKS_SECONDS = 1.0
_LAST_TRIES, _LAST_PAUSE = 4, 0.25


@dataclass(frozen=True, slots=True)
class Line:
    """The way to a listener: its items, its connection, and time in seconds."""

    listeners: Listeners
    post: Post
    clock: Callable[[], float]
    pause: Callable[[float], None]


class Push:
    """The frames of one answer on their way to one listener."""

    def __init__(self, listener: Listener, request_id: str, line: Line) -> None:
        self._listener = listener
        self._request_id = request_id
        self._line = line
        self._pieces = Coalescer()
        self._unsent: list[bytes] = []
        self._looked_at = line.clock()
        self.is_open = True

    def begin(self, model: str) -> None:
        """Announce an answer; one that replaces another says so."""
        again = self._listener.has_begun
        self._listener = replace(self._listener, has_begun=True, streamed=None)
        self._note()
        self._send(frames.begin(self._request_id, model, again=again))

    def take(self, piece: Delta) -> None:
        """Send a piece of the answer, now or with the next frame."""
        if not self.is_open:
            return
        for part in small(piece):
            self._pieces.add(part)
            if self._pieces.is_due(self._line.clock()):
                self._look()
                self._flush()

    def end(self, mark: str) -> None:
        """Send what is left; note under ``mark`` that the answer was sent to its end."""
        self._flush()
        for _ in range(_LAST_TRIES):
            if self._unsent and self.is_open:
                self._line.pause(_LAST_PAUSE)
                self._drain()
        if self.is_open and not self._unsent:
            self._listener = replace(self._listener, streamed=mark)
            self._note()

    def _flush(self) -> None:
        if (part := self._pieces.take(self._line.clock())) is not None:
            self._send(frames.delta(self._request_id, part))

    def _send(self, frame: bytes) -> None:
        if self.is_open:
            self._unsent.append(frame)
            self._drain()

    def _drain(self) -> None:
        while self._unsent and self.is_open:
            match self._line.post(self._listener.connection, self._unsent[0]):
                case Sent.OK:
                    del self._unsent[0]
                case Sent.BUSY:
                    return
                case _:
                    self.is_open = False

    def _look(self) -> None:
        """Stop once the client has cancelled, or listens elsewhere."""
        at = self._line.clock()
        if at - self._looked_at < _LOOKS_SECONDS:
            return
        self._looked_at = at
        with suppress(StoreUnavailable):  # then it is looked at again
            found = self._line.listeners.listener_of(self._listener.key)
            self.is_open = found is not None and found.connection == self._listener.connection

    def _note(self) -> None:
        # Without the note the whole answer is sent once more, as one that replaces this one.
        with suppress(StoreUnavailable):
            self.is_open = self._line.listeners.note(self._listener) and self.is_open


def push(speaking: Speaking, to: Push) -> tuple[Answer, Attempt]:
    """Read a model to its end and push what it says; return its answer and attempt."""
    try:
        while True:
            _offer(next(speaking), to)
    except StopIteration as end:
        answer, attempt = end.value
    _offer(attempt, to)
    return answer, attempt


def _offer(part: Begun | Delta | Attempt, to: Push) -> None:
    try:
        match part:
            case Begun(model):
                to.begin(model)
            case Attempt():
                to.end(part.started_at)
            case _:
                to.take(part)
    except Exception:  # whatever it is: the call is on the bill
        to.is_open = False
