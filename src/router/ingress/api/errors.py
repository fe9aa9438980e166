"""The one shape of an error, and which status each cause has.

What is closed and would fail again is 400, 402, 403, 404 or 413: no client repeats those by itself.
For 409, 429 and 5xx many do. ``x-should-retry: false`` keeps OpenAI's from it; others know no such
header, so that nothing may be paid by a repeat of these.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from router.errors import RequestError, StoreUnavailable
from router.executions.run import Busy, NotStarted

_STATUS = {
    "InvalidRequest": 400,
    "Unauthorized": 401,
    "BudgetExceeded": 402,
    "Forbidden": 403,
    "PolicyDenied": 403,
    "NotFound": 404,
    "Conflict": 409,
    "FeedbackRefused": 409,
    "RequestTooLarge": 413,
    "ContextTooLong": 413,
    "RateLimited": 429,
    "Throttled": 503,
    "Overloaded": 503,
    "Unreachable": 503,
    "Busy": 503,
    "NotAccepted": 503,
    "StoreUnavailable": 503,
    "NotAnsweredYet": 504,
}
_CLOSED = 400
_BAD_GATEWAY = 502
HAD_NO_ROOM = frozenset({"Throttled", "Overloaded", "Unreachable"})
"""Causes of a request that no model could take; not billed by themselves."""

# Waiting helps, and nothing is paid twice: seconds after which it may.
_TRY_AGAIN = {
    "RateLimited": 1,
    "Throttled": 5,
    "Overloaded": 5,
    "Unreachable": 5,
    "Busy": 1,
    "NotAccepted": 1,
    "StoreUnavailable": 1,
    "NotAnsweredYet": 1,
}


class ApiError(Exception):
    """An answer other than success; ``kind`` is the class name or cause that the rows use too.

    ``reason`` is AWS's word for it, or where it happened, for the log alone. ``is_closed``: it is
    the cause of a request that has ended, and a repeat of it would end the same.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        request_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        reason: str | None = None,
        is_closed: bool = False,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.request_id = request_id
        self.reason = reason
        self.is_closed = is_closed
        self._headers = headers or {}

    @property
    def status(self) -> int:
        """Return the HTTP status; what no table knows went wrong behind this API (502)."""
        status = _STATUS.get(self.kind)
        if self.is_closed:
            return _CLOSED if status is None or status > 413 else status
        return status or _BAD_GATEWAY

    @property
    def headers(self) -> dict[str, str]:
        """Return ``retry-after`` in seconds where waiting helps, and what the cause adds."""
        headers = dict(self._headers)
        if self.kind in _TRY_AGAIN and not self.is_closed:
            headers.setdefault("retry-after", str(_TRY_AGAIN[self.kind]))
        elif self.status >= 409:
            headers["x-should-retry"] = "false"
        return headers

    def body(self, gateway_request_id: str) -> dict[str, Any]:
        """Return the error's one shape; without an id of its own it names the gateway's."""
        return {
            "error": {
                "type": self.kind,
                "message": self.message,
                "request_id": self.request_id or gateway_request_id,
            }
        }


def as_api_error(error: Exception, request_id: str | None = None) -> ApiError | None:
    """Return an error as its caller sees it, with the request's id; ``None`` if unknown.

    With the id the caller can send the same request again, even if the API assigned it.
    """
    match error:
        case ApiError():
            return error
        case RequestError():
            return ApiError(type(error).__name__, str(error), request_id=request_id)
        case Busy() | StoreUnavailable():
            message = "AWS cannot do it now: send it again, with the same request_id"
            return ApiError("Busy", message, request_id=request_id, reason=str(error))
        case NotStarted():
            message = "the set-up of this deployment is wrong; its log says how"
            return ApiError("NotStarted", message, request_id=request_id, reason=str(error))
    return None


def told_of(error: Exception) -> ApiError:
    """Return any error as its caller sees it; of one that nobody expected the log has the place."""
    if known := as_api_error(error):
        return known
    # No message: it may quote a prompt.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(frame.filename).name}:{frame.lineno}"
    message = "something went wrong behind this api; its log says what"
    return ApiError("InternalError", message, reason=f"{type(error).__name__} at {where}")
