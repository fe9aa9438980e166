"""The time of a local cloud: it passes no faster than the machine lets the cloud work.

A limit on the wall would end a function that a busy machine never ran. The emulator's pacemaker
measures how much of each moment its processes waited for a processor, takes it off, and writes the
rest into a small file; this module reads the file, in whatever process follows it: the emulator,
its functions, the simulator, and the programs that wait for them. Without a file, time is the
wall's. Standard library alone: functions load this file by its path, without packages.
"""

import mmap
import socket
import struct
import time as wall
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

BEAT = 0.1
"""Seconds between two looks of the pacemaker."""
LEAST = 1 / 30
"""However busy the machine, time passes at this rate: what hangs is ended, if late."""
_FORMAT = struct.Struct("=dd")  # seconds of the cloud; the wall's seconds at the last beat
_LOOK_SECONDS = 0.25
_LEAST_SLEEP_SECONDS = 0.002
_monotonic, _sleep = wall.monotonic, wall.sleep


class CloudTime:
    """Reads the time that a pacemaker keeps in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self._page = mmap.mmap(file.fileno(), _FORMAT.size, access=mmap.ACCESS_READ)
        self._latest = 0.0

    def now(self) -> float:
        """Seconds since the cloud's start; between two beats, time is the wall's."""
        seconds, beat = _FORMAT.unpack(self._page[: _FORMAT.size])
        since = max(_monotonic() - beat, 0.0)
        # A pacemaker that is late, or gone, has nothing to say about what came since.
        since = min(since, BEAT) + max(since - 10 * BEAT, 0.0) * LEAST
        self._latest = max(self._latest, seconds + since)
        return self._latest


def write(path: Path, seconds: float) -> None:
    """Set the time in the file, which may not be there yet."""
    with path.open("r+b" if path.exists() else "wb") as file:
        file.write(_FORMAT.pack(seconds, _monotonic()))


_followed: CloudTime | None = None


def follow(path: Path | None) -> None:
    """Take the time from this file from now on; None: from the wall."""
    global _followed  # noqa: PLW0603 - a process has one time
    _followed = CloudTime(path) if path is not None else None


def followed() -> Path | None:
    """The file that this process follows."""
    return _followed.path if _followed else None


def now() -> float:
    """Seconds, from a start of no meaning, on the clock that this process follows."""
    return _followed.now() if _followed else _monotonic()


def wait(ended: Callable[[float], bool], seconds: float) -> bool:
    """Call `ended` with seconds to wait until it answers true, or this time has passed."""
    until = now() + seconds
    left = seconds
    while not ended(min(max(left, _LEAST_SLEEP_SECONDS), _LOOK_SECONDS) if left > 0 else 0.0):
        if (left := until - now()) <= 0:
            return False
    return True


def sleep(seconds: float) -> None:
    """Return when this much of the cloud's time has passed."""
    until = now() + seconds
    while (left := until - now()) > 0:
        _sleep(max(left, _LEAST_SLEEP_SECONDS))


def patient(receive: Callable[..., Any]) -> Callable[..., Any]:
    """A socket's `recv` or `recv_into` whose time-out is the cloud's time."""

    def received(connection: socket.socket, *arguments: Any) -> Any:
        limit = connection.gettimeout()
        if not limit:
            return receive(connection, *arguments)
        until = now() + limit
        try:
            while True:
                with suppress(TimeoutError):
                    return receive(connection, *arguments)
                if (left := until - now()) <= 0:
                    raise TimeoutError("timed out")
                connection.settimeout(left)
        finally:
            connection.settimeout(limit)

    return received


class PatientSocket(socket.socket):
    """A connection whose time-outs are the cloud's time."""

    recv = patient(socket.socket.recv)
    recv_into = patient(socket.socket.recv_into)


def keep_for_functions() -> None:
    """Let this process's sockets and its monotonic clock go by the cloud's time."""
    socket.socket.recv = patient(socket.socket.recv)  # type: ignore[method-assign]
    socket.socket.recv_into = patient(socket.socket.recv_into)  # type: ignore[method-assign]
    wall.monotonic = now
