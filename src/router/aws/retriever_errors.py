"""Errors of the services behind retrievers, as a workflow tells them apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from router.workflows.rag.retrieval import RetrieverFailed, RetrieverUnavailable

_TRANSIENT = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceUnavailableException",
        "InternalServerException",
        "RequestTimeoutException",
        "ModelTimeoutException",
        "ModelNotReadyException",
        "BadGatewayException",
        "DependencyFailedException",
        "ServiceException",
    }
)
_SHOWN = 200


@contextmanager
def as_retrieval_errors(service: str) -> Iterator[None]:
    """Raise ``RetrieverUnavailable`` for what may pass by itself, ``RetrieverFailed`` else."""
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        message = f"{service}: {code}: {error.response['Error'].get('Message', '')}"[:_SHOWN]
        raise (RetrieverUnavailable if code in _TRANSIENT else RetrieverFailed)(message) from error
    except BotoCoreError as error:
        raise RetrieverUnavailable(f"{service}: {type(error).__name__}") from error
