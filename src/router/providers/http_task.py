"""What Step Functions reports of an HTTP Task that failed, as the error that it means. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from router import errors
from router.encoding import json_object, mapping_of
from router.providers.statuses import error_of_status

_STATUS = re.compile(r"States\.Http\.StatusCode\.(\d{3})")
_CODE = re.compile(r'\\?"code\\?": ?\\?"(\w{1,60})\\?"')
_CONNECTION = "Events.ConnectionResource."
# Nothing was sent: the connection's credentials were not ready, or were not to be had.
_NOT_READY = {"AuthInProgress", "ConcurrentModification", "InternalError"}
_SET_UP = {
    "AccessDenied",
    "InvalidConnectionState",
    "InvalidPrivateConnectionState",
    "ResourceNotFound",
}


def error_of_task(name: str, cause: str) -> errors.CallError | None:
    """Return the error for a task's ``Error`` and ``Cause``; ``None`` if neither identifies it.

    Of the provider's words only its code and type are kept: its message may quote the prompt.
    """
    if status := _STATUS.fullmatch(name):
        error = _error_in(cause)
        codes, message = (error.get("code"), error.get("type")), error.get("message")
        return error_of_status("openai", int(status[1]), *codes, message=message)
    kind = name.removeprefix(_CONNECTION)
    if kind in _NOT_READY:
        return errors.Unreachable(kind)
    if kind in _SET_UP:
        return errors.AccessDenied(kind)
    return None


def _error_in(cause: str) -> Mapping[str, Any]:
    """Return the provider's error; what is left of it if AWS cut the cause off."""
    body: Any = json_object(cause)
    # AWS gives the response as ``ResponseBody``; a body that it could not read is text.
    body = body.get("ResponseBody", body)
    body = json_object(body) if isinstance(body, str) else mapping_of(body)
    cut = _CODE.search(cause) if not body else None
    return mapping_of(body.get("error")) or ({"code": cut[1]} if cut else {})
