"""At most a few Lambda workers are busy at once; further calls wait their turn.

AWS: a thousand run at once. MiniStack 1.5.33: starts a process for each concurrent call, so a burst
of 200 cold calls on two cores times out.
`LOCAL_LAMBDA_WORKERS` sets the cap, 2 × cores + 2 by default. Waiting stops the clock of a
Step Functions task's TimeoutSeconds, because on AWS there is no such wait. A call that has taken
two seconds (of the cloud's time) waits for something itself, a workflow or a model, and no longer
counts: what it waits for must not queue behind it. A function called by a function never waits: its
caller holds a place until it returns. Functions behind an API have places of their own, as many:
each of them waits.
"""

import contextvars
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from ministack.services import lambda_svc, stepfunctions

from local import cloud_time
from local.emulator.patches.registry import replaces

_BUSY_SECONDS = 2.0


class Places:
    """So many calls may be busy; the others wait."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._changed = threading.Condition()
        self._since: dict[object, float] = {}

    @contextmanager
    def one(self, clock: "Clock") -> Iterator[None]:
        """Hold a place; the clock is stopped until there is one."""
        call = object()
        with clock.paused(), self._changed:
            while (seconds := self._seconds_to_wait()) > 0:
                self._changed.wait(seconds)
            self._since[call] = cloud_time.now()
        try:
            yield
        finally:
            with self._changed:
                del self._since[call]
                self._changed.notify()

    def _seconds_to_wait(self) -> float:
        """How long until the next call stops counting, if none ends before; 0 with a free place."""
        busy_from = cloud_time.now() - _BUSY_SECONDS
        busy = [since for since in self._since.values() if since > busy_from]
        return min(busy) - busy_from if len(busy) >= self._size else 0.0


class Clock:
    """The cloud's time spent by one task, less the time it queued for a worker."""

    def __init__(self) -> None:
        self._started = cloud_time.now()
        self._waited = 0.0
        self._waiting_since: float | None = None

    def elapsed(self) -> float:
        """Seconds that count towards the task's time-out."""
        now = self._waiting_since or cloud_time.now()
        return now - self._started - self._waited

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock."""
        self._waiting_since = cloud_time.now()
        try:
            yield
        finally:
            self._waited += cloud_time.now() - self._waiting_since
            self._waiting_since = None


task_clock: contextvars.ContextVar[Clock | None] = contextvars.ContextVar(
    "task_clock", default=None
)


def size() -> int:
    """How many calls may be busy at once."""
    return int(os.environ.get("LOCAL_LAMBDA_WORKERS") or 2 * (os.cpu_count() or 1) + 2)


_for_workflows, _for_apis = Places(size()), Places(size())


@replaces(lambda_svc, "_execute_function_dispatch")
def execute(
    original: Callable[..., dict[str, Any]],
    function: dict[str, Any],
    config: dict[str, Any],
    event: Any,
    request_id: str,
    _: float,
) -> dict[str, Any]:
    """Queue in front of every Lambda call."""
    if (lambda_svc._invoke_depth.get() or 0) > 1:
        return original(function, config, event, request_id, time.time())
    places = _for_apis if isinstance(event, dict) and "httpMethod" in event else _for_workflows
    with places.one(task_clock.get() or Clock()):
        return original(function, config, event, request_id, time.time())


@replaces(stepfunctions, "_invoke_resource_with_timeout")
def invoke_with_timeout(_original: object, resource: str, argument: Any, timeout: float) -> Any:
    """Run a task under the clock that stops while it waits for a worker."""
    clock = Clock()
    context = contextvars.copy_context()
    context.run(task_clock.set, clock)
    pool = ThreadPoolExecutor(max_workers=1)
    future = pool.submit(context.run, stepfunctions._invoke_resource, resource, argument)
    pool.shutdown(wait=False)
    while not future.done():
        remaining = timeout - clock.elapsed()
        if remaining <= 0:
            cause = f"Task timed out after {timeout} seconds"
            raise stepfunctions._ExecutionError("States.Timeout", cause)
        wait([future], timeout=max(remaining, 0.01))
    return future.result()
