"""What a failure of a provider's own API over HTTP means for the bill."""

from __future__ import annotations

from router import errors

_BY_STATUS: dict[int, type[errors.CallError]] = {
    400: errors.InvalidModelRequest,
    401: errors.AccessDenied,
    403: errors.AccessDenied,
    404: errors.ModelNotFound,
    408: errors.ModelTimeout,
    413: errors.ContextTooLong,
    422: errors.InvalidModelRequest,
    429: errors.Throttled,
    503: errors.Overloaded,
    529: errors.Overloaded,
}


def error_of_status(status: int, detail: str, *, too_long: bool = False) -> errors.CallError:
    """Return the error for a status: what is not listed may have been billed."""
    kind = _BY_STATUS.get(status, errors.ModelError)
    if too_long and issubclass(kind, errors.Rejected):
        kind = errors.ContextTooLong
    return kind(f"HTTP {status}: {detail}")


def error_of_connection(error: Exception) -> errors.CallError:
    """Return the error for an SDK's connection error, by what its transport says was the cause."""
    # httpx tells a connection that was never made from one that broke after sending.
    if type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout"):
        return errors.Unreachable("no connection")
    return errors.ModelError("the connection broke")
