"""Provider keys out of SSM, kept for a minute so that a rotation needs no deployment."""

from __future__ import annotations

import time
from functools import lru_cache

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from router.errors import AccessDenied

_KEPT_SECONDS = 60


def api_key(parameter: str) -> str:
    """Return the key in a SecureString; raise ``AccessDenied`` that says how to put one there."""
    return _read(parameter, int(time.monotonic() // _KEPT_SECONDS))


@lru_cache(maxsize=4)
def _read(parameter: str, _period: int) -> str:
    try:
        answer = boto3.client("ssm").get_parameter(Name=parameter, WithDecryption=True)
    except (ClientError, BotoCoreError) as error:
        raise AccessDenied(
            f"no key: aws ssm put-parameter --type SecureString --name {parameter} --value …"
        ) from error
    return answer["Parameter"]["Value"]
