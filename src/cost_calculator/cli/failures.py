"""What users see instead of a traceback: one line that explains what to do."""

from __future__ import annotations

import os
import sys
from typing import Any

from cost_calculator.aws.error_codes import code_of
from cost_calculator.price_entry import InvalidPriceRow

_EXTRA = {"boto3", "botocore", "rich"}
_NO_CREDENTIALS = {
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError",
    "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError",
}  # fmt: skip
_BAD_CREDENTIALS = {
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidSignatureException",
}  # fmt: skip
_NOT_THERE = {
    "ResourceNotFoundException", "StateMachineDoesNotExist", "NoSuchBucket",
    "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
}  # fmt: skip
_LOG_IN = "run `aws configure` or `aws sso login`, or give --profile"
_WHICH = "give --name and --region of the deployment"


def exit_code_of(error: BaseException, prog: str) -> int | None:
    """Report a failure and return the exit code; ``None`` for what is a defect of ours."""
    if isinstance(error, BrokenPipeError):
        # The reader closed the pipe (`| head`): nothing is wrong, and nobody reads any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        return 130
    # A command that exits has its own message.
    message = None if isinstance(error, SystemExit) else in_one_line(error)
    if message is None:
        return None
    print(f"{prog}: {message}", file=sys.stderr)
    return 1


def in_one_line(error: BaseException | None) -> str | None:
    """Return what went wrong and what to do, or ``None`` if this is not known."""
    match error:
        case None:
            return None
        case InvalidPriceRow():
            return f"PRICE_OVERRIDES: {error}"
        case UnicodeDecodeError():
            return "the input is not UTF-8 text: save it as UTF-8"
        case ModuleNotFoundError() if (error.name or "").split(".")[0] in _EXTRA:
            return f"{error.name} is not installed: pip install 'faregate[cli]'"
        case OSError() if error.filename is not None:
            return f"{error.filename}: {error.strerror}"
    return _of_aws(error) or in_one_line(error.__cause__)


def _of_aws(error: BaseException) -> str | None:
    if "botocore" not in sys.modules:
        return None
    from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

    if isinstance(error, NoRegionError):
        return "no region is known: give --region, or set AWS_REGION; for the local cloud: make up"
    if isinstance(error, BotoCoreError):
        if type(error).__name__ in _NO_CREDENTIALS:
            return f"no AWS credentials: {_LOG_IN}; for the local cloud: make up"
        return str(error)
    return _refused(error) if isinstance(error, ClientError) else None


def _refused(error: Any) -> str:
    code, text = code_of(error), error.response["Error"].get("Message", "")
    if code in _BAD_CREDENTIALS:
        return f"AWS does not take these credentials ({code}): {_LOG_IN}"
    advice = f"; {_WHICH}" if code in _NOT_THERE else ""
    return f"{error.operation_name}: {code}: {text.strip().rstrip('.')}{advice}"
