"""What AWS calls an error; without importing its SDK, which commands that need no cloud do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


def code_of(error: ClientError) -> str:
    """Return the error's own code, such as ``TransactionCanceledException``."""
    return str(error.response["Error"]["Code"])
