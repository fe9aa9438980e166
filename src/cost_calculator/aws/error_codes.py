"""What AWS calls an error."""

from botocore.exceptions import ClientError


def code_of(error: ClientError) -> str:
    """Return the error's own code, such as ``TransactionCanceledException``."""
    return str(error.response["Error"]["Code"])
