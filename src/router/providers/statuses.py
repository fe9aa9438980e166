"""What a provider's HTTP status means for the bill: one table for every way to call one. Pure."""

from __future__ import annotations

import re
from typing import Any

from router import errors
from router.catalog.providers import PROVIDERS
from router.providers.refusals import cause_of_refusal

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


# A message is not shown: it may quote the prompt.
_FORCED = "; the model does not take this tool_choice: write auto, or leave it out"
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")


def words(*given: Any) -> str:
    """Return codes and types, as far as they are words: a message may quote the prompt."""
    known = [word for word in given if isinstance(word, str) and _WORD.fullmatch(word)]
    return " ".join(dict.fromkeys(known))


def error_of_status(
    provider: str, status: int, *codes: Any, message: Any = None
) -> errors.CallError:
    """Return the error for a status, and for what the provider reports with it.

    A 4xx means that the call was refused before any work was done; any other failure that is not
    listed may have been billed.
    """
    kind = _BY_STATUS.get(status)
    if kind is None:
        kind = errors.InvalidModelRequest if 400 <= status < 500 else errors.ModelError
    known = words(*codes)
    detail = f"HTTP {status}: {known}" if known else f"HTTP {status}"
    return refusal(provider, kind, detail, *codes, message=message)


def refusal(
    provider: str, kind: type[errors.CallError], detail: str, *codes: Any, message: Any = None
) -> errors.CallError:
    """Return the error for a call that failed as ``kind``, as far as the provider explains it."""
    said = frozenset(code for code in codes if isinstance(code, str))
    text = message if isinstance(message, str) else ""
    cause = cause_of_refusal(provider, kind, said, text)
    if "toolchoice" in text.lower().replace("_", ""):
        detail += _FORCED
    if issubclass(cause, errors.NoAnswer):
        # Refused before any work was done: nothing is on the bill.
        return cause(detail, usage=PROVIDERS[provider].no_usage)
    return cause(detail)


def error_of_connection(error: Exception) -> errors.CallError:
    """Return the error for an SDK's connection error, by the cause that its transport gives."""
    # httpx distinguishes a connection that was never made from one that broke after sending.
    if type(error.__cause__).__name__ in ("ConnectError", "ConnectTimeout"):
        return errors.Unreachable("no connection")
    return errors.ModelError("the connection broke")
