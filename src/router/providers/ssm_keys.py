"""Provider keys out of SSM, kept for a minute so that a rotation needs no deployment."""

from __future__ import annotations

import time
from functools import lru_cache

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from router.errors import AccessDenied, Unreachable

_KEPT_SECONDS = 60
# The key is not there, or the role may not read it: that stays so until somebody changes it.
_NO_KEY = {"AccessDeniedException", "ParameterNotFound", "ParameterVersionNotFound"}


def api_key(parameter: str) -> str:
    """Return the key in a SecureString; raise ``AccessDenied`` that explains how to put one there,
    or ``Unreachable`` if it cannot be read now."""
    return _read(parameter, int(time.monotonic() // _KEPT_SECONDS))


@lru_cache(maxsize=4)
def _read(parameter: str, _period: int) -> str:
    try:
        answer = boto3.client("ssm").get_parameter(Name=parameter, WithDecryption=True)
    except ClientError as error:
        code = code_of(error)
        if code not in _NO_KEY:
            # SSM or KMS has trouble: nothing is wrong with the key, and nothing was sent.
            raise Unreachable(f"the key could not be read: {code}") from error
        raise AccessDenied(
            f"no key: aws ssm put-parameter --type SecureString --name {parameter} --value …"
        ) from error
    except BotoCoreError as error:
        raise Unreachable(f"the key could not be read: {type(error).__name__}") from error
    return answer["Parameter"]["Value"]
