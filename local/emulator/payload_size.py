"""The size that Step Functions gives a payload: bytes of compact JSON in UTF-8, at most 256 KiB."""

import json
from typing import Any

from ministack.services import stepfunctions

LIMIT = 262_144


def check(value: Any, what: str) -> None:
    """Fail with `States.DataLimitExceeded` if a value is over the limit."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if size_of_text(text) > LIMIT:
        raise _exceeded(what)


def check_text(text: str, what: str) -> None:
    """Do so for JSON as `json.dumps` writes it: never shorter than what counts."""
    if len(text) > LIMIT:
        check(json.loads(text), what)


def size_of_text(text: str) -> int:
    """Bytes of a text in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def _exceeded(what: str) -> Exception:
    error: Exception = stepfunctions._ExecutionError(
        "States.DataLimitExceeded",
        f"The {what} has a size exceeding the maximum number of bytes service limit.",
    )
    return error
