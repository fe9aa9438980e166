"""Copies the OpenAI key from SSM into the EventBridge connection, at every change of it."""

from __future__ import annotations

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

from cost_calculator.aws.error_codes import code_of

logger = Logger()
# Each turn but the first is a key that was changed while the one before it was written.
_TURNS = 5


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Return ``{"synced": bool}``; a missing key is logged, with the command that puts one there.

    The key is never in the event, the result or a log. Two changes close together run two of these
    at once: each reads the key again after it has written, so that the newest is written last.
    """
    parameter = os.environ["OPENAI_API_KEY_PARAMETER"]
    written: int | None = None
    for _ in range(_TURNS):
        found = _read(parameter)
        if found is None:
            hint = f"aws ssm put-parameter --type SecureString --name {parameter} --value sk-…"
            logger.info("no key yet", parameter=parameter)
            return {"synced": False, "reason": f"no key yet: {hint}"}
        key, version = found
        if version == written:
            return {"synced": True, "version": version}
        _write(key)
        written = version
        logger.info("key synced", parameter=parameter, version=version)
    raise RuntimeError("the key changes faster than the connection takes it: run this again")


def _read(parameter: str) -> tuple[str, int] | None:
    try:
        answer = boto3.client("ssm").get_parameter(Name=parameter, WithDecryption=True)
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        return None
    return answer["Parameter"]["Value"], int(answer["Parameter"]["Version"])


def _write(key: str) -> None:
    boto3.client("events").update_connection(
        Name=os.environ["CONNECTION_NAME"],
        AuthorizationType="API_KEY",
        # Without it, the secret would fall back to a key that AWS owns.
        KmsKeyIdentifier=os.environ["CONNECTION_KMS_KEY"],
        AuthParameters={
            "ApiKeyAuthParameters": {
                "ApiKeyName": "Authorization",
                "ApiKeyValue": f"Bearer {key}",
            }
        },
    )
