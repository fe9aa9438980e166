"""An event of a versioned bucket names the object's version, also on EventBridge.

AWS: `detail.object.version-id` of "Object Created" and "Object Deleted", for buckets with versions.
MiniStack 1.5.33: the version is in S3's own notifications alone; EventBridge gets the sequencer.
"""

import contextvars
import json
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, s3

from local.emulator.patches.registry import replaces

# The one calls the other, in a thread of its own for each event.
_version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)


@replaces(s3, "_fire_s3_event")
def fire(original: Callable[..., None], *given: Any, **more: Any) -> None:
    """Keep the version that the event is about."""
    token = _version.set(more.get("version_id"))
    try:
        original(*given, **more)
    finally:
        _version.reset(token)


@replaces(eventbridge, "_dispatch_event")
def dispatch(original: Callable[..., Any], event: dict[str, Any], *more: Any, **named: Any) -> Any:
    """Name it in S3's event."""
    version = _version.get()
    if version and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version
        event = event | {"Detail": json.dumps(detail)}
    return original(event, *more, **named)
