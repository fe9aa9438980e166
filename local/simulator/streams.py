"""Sends an answer event by event, with what a rule does to them, and sees whether it was read."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from io import BufferedIOBase

from local.simulator.journal import Call
from local.simulator.model import Event, Provider
from local.simulator.script import Action

_PACE_MS = 2
_PATIENCE = 5.0  # seconds in which a caller that has everything closes the connection
_END = b"0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream on its way out, in HTTP's chunks; the connection ends with it."""

    connection: socket.socket
    out: BufferedIOBase
    sleep: Callable[[float], None]
    provider: Provider
    action: Action
    call: Call

    def send(self, events: Iterable[Event]) -> None:
        """Send the events. The last one and the end leave together: who has it has all."""
        planned = self._planned(events)
        current = next(planned, None)
        pace = _PACE_MS if self.action.slow_ms is None else self.action.slow_ms
        self.call.events = 0
        try:
            if current is None:
                self._end(b"")
            while current is not None and current is not _CUT:
                following = next(planned, None)
                self.sleep(pace / 1000)
                self._count(current)
                data = b"".join(_chunk(part) for part in self._parts(current))
                if following is None:
                    self._end(data)
                else:
                    self.out.write(data)
                current = following
            if current is _CUT:
                self.call.ended_at = time.time()
        except ConnectionError:
            self.call.read_to_end = False
            for event in planned:
                self._bill(event)
            self.call.ended_at = self.call.ended_at or time.time()

    def _planned(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events that leave; `_CUT` where the connection is to break."""
        action, sent = self.action, 0
        for event in events:
            if event.name in action.without:
                continue
            if sent == action.error_after:
                status = action.status or self.provider.stream_failure
                reject = self.provider.reject(status, action.code, action.message)
                yield self.provider.stream_error(reject, sent)
                return
            if sent == action.cut_after:
                yield _CUT
                return
            if sent == action.end_after:
                return
            yield event
            sent += 1

    def _count(self, event: Event) -> None:
        self.call.events = (self.call.events or 0) + 1
        self._bill(event)

    def _bill(self, event: Event) -> None:
        if event.usage is not None:
            self.call.usage = event.usage

    def _parts(self, event: Event) -> list[bytes]:
        """The event as it leaves: whole, or parted inside its first character of many bytes."""
        frame = self.provider.frame(event)
        if self.action.split != "bytes":
            return [frame]
        inside = next((n for n, byte in enumerate(frame) if 0x80 <= byte < 0xC0), None)
        return [frame] if not inside else [frame[:inside], frame[inside:]]

    def _end(self, data: bytes) -> None:
        # Before it leaves, so that who has the answer finds the call complete.
        self.call.ended_at = time.time()
        self.out.write(data + _END)
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_PATIENCE)
        try:
            self.connection.recv(1)  # closed in peace, unless something was left unread
            self.call.read_to_end = True
        except TimeoutError:
            return


_CUT = Event("cut", {})


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)
