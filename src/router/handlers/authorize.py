"""The gateway's authorizer: a Bearer key in, its tenant out."""

from __future__ import annotations

import os
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config

from router.ingress.api.bearer_keys import (
    ITEM_PREFIX,
    hash_of,
    key_among,
    key_id,
    presented_key,
)

logger = Logger()
# Every caller waits for it, so it imports no more than it needs.
client = boto3.client(
    "dynamodb", config=Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 3})
)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Allow the whole stage to a known key, with its tenant; raise ``Unauthorized`` (401) else.

    The gateway keeps the answer for a while under the key, for every path: so the policy names all.
    """
    if event["type"] == "REQUEST":
        key = key_among(event.get("headers") or {})
    else:
        key = presented_key(event.get("authorizationToken", ""))
    name = {"key": {"S": ITEM_PREFIX + hash_of(key or "")}}
    found = client.get_item(TableName=os.environ["CONTROL_TABLE"], Key=name).get("Item")
    if not key or not found:
        logger.info("no such key")
        raise Exception("Unauthorized")  # the gateway knows this text, and no class
    item = {attribute: value["S"] for attribute, value in found.items()}
    api, stage = event["methodArn"].split("/")[:2]
    allow = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": f"{api}/{stage}/*",
    }
    return {
        "principalId": key_id(item),
        "policyDocument": {"Version": "2012-10-17", "Statement": [allow]},
        "context": {"tenant": item["tenant"], "key_id": key_id(item)},
    }
