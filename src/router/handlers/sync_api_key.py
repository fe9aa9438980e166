"""Copies the OpenAI key from SSM into the EventBridge connection, at every change of it."""

from __future__ import annotations

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.exceptions import ClientError

logger = Logger()


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer ``{"synced": bool}``; no key yet is no failure, and says how to put one there.

    The key is never in the event, the answer or a log.
    """
    parameter = os.environ["OPENAI_API_KEY_PARAMETER"]
    try:
        answer = boto3.client("ssm").get_parameter(Name=parameter, WithDecryption=True)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        hint = f"aws ssm put-parameter --type SecureString --name {parameter} --value sk-…"
        logger.info("no key yet", parameter=parameter)
        return {"synced": False, "reason": f"no key yet: {hint}"}
    boto3.client("events").update_connection(
        Name=os.environ["CONNECTION_NAME"],
        AuthorizationType="API_KEY",
        # Left out, the secret would fall back to a key that AWS owns.
        KmsKeyIdentifier=os.environ["CONNECTION_KMS_KEY"],
        AuthParameters={
            "ApiKeyAuthParameters": {
                "ApiKeyName": "Authorization",
                "ApiKeyValue": f"Bearer {answer['Parameter']['Value']}",
            }
        },
    )
    logger.info("key synced", parameter=parameter, version=answer["Parameter"]["Version"])
    return {"synced": True, "version": answer["Parameter"]["Version"]}
