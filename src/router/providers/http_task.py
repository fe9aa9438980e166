"""What Step Functions reports of an HTTP Task that failed, as the error that it means. Pure."""

from __future__ import annotations

import re
from typing import Any

from router import errors
from router.encoding import json_object, mapping_of
from router.providers.statuses import error_of_status, words

_STATUS = re.compile(r"States\.Http\.StatusCode\.(\d{3})")
_CONNECTION = "Events.ConnectionResource."
# Nothing was sent: the connection's credentials were not ready, or were not to be had.
_NOT_READY = {"AuthInProgress", "ConcurrentModification", "InternalError"}
_SET_UP = {
    "AccessDenied",
    "InvalidConnectionState",
    "InvalidPrivateConnectionState",
    "ResourceNotFound",
}
_TOO_LONG = "context_length_exceeded"


def error_of_task(name: str, cause: str) -> errors.CallError | None:
    """Return the error for a task's ``Error`` and ``Cause``; ``None`` if neither identifies it.

    Of the provider's words only its code and type are kept: its message may quote the prompt.
    """
    if status := _STATUS.fullmatch(name):
        code = _code_in(cause)
        return error_of_status(int(status[1]), code, too_long=_TOO_LONG in code)
    kind = name.removeprefix(_CONNECTION)
    if kind in _NOT_READY:
        return errors.Unreachable(kind)
    if kind in _SET_UP:
        return errors.AccessDenied(kind)
    return None


def _code_in(cause: str) -> str:
    body: Any = json_object(cause)
    # AWS gives the response as ``ResponseBody``; a body that it could not read is text.
    body = body.get("ResponseBody", body)
    body = json_object(body) if isinstance(body, str) else mapping_of(body)
    error = mapping_of(body.get("error"))
    known = words(error.get("code"), error.get("type"))
    return known or (_TOO_LONG if _TOO_LONG in cause else "")
