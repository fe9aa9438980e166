"""The part of ``invoke_model`` that only a deployment with a WebSocket API loads."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache, partial

from aws_lambda_powertools import Logger

from router.aws.connections import posting
from router.aws.dynamodb import dynamodb
from router.aws.listener_store import ListenerStore
from router.errors import StoreUnavailable
from router.ingress.websocket.pushing import Line, Push, push
from router.invocation.attempt import Attempt
from router.invocation.call import Answer
from router.invocation.speak import Speaking
from router.routing.run_plan import RunPlan


def listened_to(
    plan: RunPlan, logger: Logger
) -> Callable[[Speaking], tuple[Answer, Attempt]] | None:
    """Return what pushes an answer to the connection that listens; ``None`` if none does."""
    listeners = _listeners()
    try:
        listener = listeners.listener_of(plan.key)
    except StoreUnavailable as error:  # the listener gets the answer as a whole
        logger.warning("not pushed", reason=str(error))
        return None
    if listener is None:
        return None
    line = Line(listeners, posting(logger), time.monotonic, time.sleep)
    return partial(push, to=Push(listener, plan.request_id, line))


@lru_cache(maxsize=1)
def _listeners() -> ListenerStore:
    return ListenerStore(dynamodb(read_timeout=2, tries=2), os.environ["CONTROL_TABLE"])
