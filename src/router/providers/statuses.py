"""What a provider's HTTP status means for the bill: one table for every way to call one. Pure."""

from __future__ import annotations

import re
from typing import Any

from router import errors

_BY_STATUS: dict[int, type[errors.CallError]] = {
    401: errors.AccessDenied,
    402: errors.AccessDenied,  # the account has no credit left
    403: errors.AccessDenied,
    404: errors.ModelNotFound,
    407: errors.AccessDenied,
    408: errors.ModelTimeout,
    410: errors.ModelNotFound,
    413: errors.ContextTooLong,
    429: errors.Throttled,
    451: errors.AccessDenied,  # not available to this account, for legal reasons
    503: errors.Overloaded,
    529: errors.Overloaded,
}


_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def words(*given: Any) -> str:
    """Return codes and types, as far as they are words: a message may quote the prompt."""
    known = [word for word in given if isinstance(word, str) and _WORD.fullmatch(word)]
    return " ".join(dict.fromkeys(known))


def error_of_status(status: int, detail: str, *, too_long: bool = False) -> errors.CallError:
    """Return the error for a status.

    A 4xx means that the call was refused before any work was done; any other failure that is not
    listed may have been billed. ``too_long`` if the provider reports that the prompt was.
    """
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = errors.InvalidModelRequest if 400 <= status < 500 else errors.ModelError
    if too_long and issubclass(kind, errors.Rejected):
        kind = errors.ContextTooLong
    return kind(f"HTTP {status}: {detail}" if detail else f"HTTP {status}")


def error_of_connection(error: Exception) -> errors.CallError:
    """Return the error for an SDK's connection error, by the cause that its transport gives."""
    # httpx distinguishes a connection that was never made from one that broke after sending.
    if type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout"):
        return errors.Unreachable("no connection")
    return errors.ModelError("the connection broke")
