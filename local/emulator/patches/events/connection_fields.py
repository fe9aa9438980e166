"""A connection's description has its key and its secret, and never its credentials.

AWS: DescribeConnection answers the KMS key and the ARN of the secret that holds the credentials,
and never the credentials themselves; a connection's own ARN ends in an id. UpdateConnection without
a KMS key takes one that AWS owns.
MiniStack 1.5.33: key and secret are forgotten, so that Terraform plans them again and again;
every caller gets the credentials; the ARN has no id.
"""

import copy
import json
import uuid
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge

from local.emulator.patches.registry import replaces

Response = tuple[int, dict[str, str], bytes]
Operation = Callable[[dict[str, Any]], Response]
_SECRETS = {
    "ApiKeyAuthParameters": "ApiKeyValue",
    "BasicAuthParameters": "Password",
}


@replaces(eventbridge, "_create_connection")
def new_connection(original: Operation, data: dict[str, Any]) -> Response:
    """Give a new connection its secret, its id and its key."""
    response = original(data)
    if response[0] != 200:
        return response
    record, number = eventbridge._connections[data["Name"]], str(uuid.uuid4())
    scope = f"{eventbridge.get_region()}:{eventbridge.get_account_id()}"
    secret = f"events!connection/{data['Name']}/{number}-local0"
    record["SecretArn"] = f"arn:aws:secretsmanager:{scope}:secret:{secret}"
    record["ConnectionArn"] += f"/{number}"
    _keep_key(data)
    return _with_arn(response, record["ConnectionArn"])


@replaces(eventbridge, "_update_connection")
def changed_connection(original: Operation, data: dict[str, Any]) -> Response:
    """Keep the key, or its absence."""
    response = original(data)
    if response[0] == 200:
        _keep_key(data)
    return response


@replaces(eventbridge, "_describe_connection")
def described_connection(original: Operation, data: dict[str, Any]) -> Response:
    """Leave the credentials out."""
    status, headers, body = original(data)
    if status != 200:
        return status, headers, body
    return status, headers, json.dumps(_without_secrets(json.loads(body))).encode()


def _keep_key(data: dict[str, Any]) -> None:
    record = eventbridge._connections[data["Name"]]
    if data.get("KmsKeyIdentifier"):
        record["KmsKeyIdentifier"] = data["KmsKeyIdentifier"]
    else:  # an update that names none goes back to a key that AWS owns
        record.pop("KmsKeyIdentifier", None)


def _with_arn(response: Response, arn: str) -> Response:
    status, headers, body = response
    return status, headers, json.dumps({**json.loads(body), "ConnectionArn": arn}).encode()


def _without_secrets(connection: dict[str, Any]) -> dict[str, Any]:
    shown = copy.deepcopy(connection)
    parameters = shown.get("AuthParameters") or {}
    for kind, secret in _SECRETS.items():
        (parameters.get(kind) or {}).pop(secret, None)
    oauth = (parameters.get("OAuthParameters") or {}).get("ClientParameters") or {}
    oauth.pop("ClientSecret", None)
    fixed = parameters.get("InvocationHttpParameters") or {}
    for group in fixed.values():
        for each in group:
            if each.get("IsValueSecret"):
                each.pop("Value", None)
    return shown
