"""Keeps a connection open while a response under way is silent: a model may think for minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

SILENCE_SECONDS = 15.0
"""Proxies and clients give an idle connection a minute, some half of it."""


class Beats:
    """Sends a beat whenever nothing was sent for a while.

    The body is made on the thread that serves the event, and waits there for its model. A thread
    beside it sends, and does nothing else; it ends before the response does.
    """

    def __init__(
        self,
        send: Callable[[], None],
        silence: float = SILENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._silence = silence
        self._clock = clock
        self._last = clock()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self.run, args=(self._end.wait,), daemon=True)

    def start(self) -> None:
        """Begin: the first part has been sent."""
        self.sent()
        self._thread.start()

    def sent(self) -> None:
        """Note that something was sent."""
        self._last = self._clock()

    def stop(self) -> None:
        """End, and wait for a beat that is being sent."""
        self._end.set()
        if self._thread.ident is not None:
            self._thread.join()

    def run(self, wait: Callable[[float], bool]) -> None:
        """Send beats until ``wait``, which waits so many seconds, says that it is over."""
        while not wait(max(0.0, self._last + self._silence - self._clock())):
            if self._clock() - self._last >= self._silence:
                self._send()
                self.sent()
