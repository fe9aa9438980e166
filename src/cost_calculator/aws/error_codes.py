"""What AWS calls an error; without importing its SDK, which commands that need no cloud do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


def code_of(error: ClientError) -> str:
    """Return the error's own code, such as ``TransactionCanceledException``."""
    return str(error.response["Error"]["Code"])


def is_refused_condition(error: ClientError) -> bool:
    """Return whether the item was not as a write's condition demands."""
    return code_of(error) == "ConditionalCheckFailedException"


def is_missing_object(error: ClientError) -> bool:
    """Return whether S3 has no such object: a HEAD has no body, so its code is the status."""
    return code_of(error) in ("NoSuchKey", "404")
