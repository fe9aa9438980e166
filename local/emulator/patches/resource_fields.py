"""Settings that a resource is made with are told back by its description.

AWS: DescribeStateMachine tells the tracing configuration; DescribeConnection tells the KMS key and
the ARN of the secret that holds the credentials, and never the credentials themselves; a
connection's own ARN ends in an id. UpdateConnection without a KMS key takes one that AWS owns.
MiniStack 1.5.33: tracing, key and secret are forgotten, so that Terraform plans them again and
again; the credentials are told to whoever asks; the ARN has no id.
"""

import copy
import json
import uuid
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, stepfunctions

Response = tuple[int, dict[str, str], bytes]
Operation = Callable[[dict[str, Any]], Response]
_SECRETS = {
    "ApiKeyAuthParameters": "ApiKeyValue",
    "BasicAuthParameters": "Password",
}


def apply() -> None:
    """Keep the fields where the emulator keeps the resource."""
    create_machine: Operation = stepfunctions._create_state_machine
    update_machine: Operation = stepfunctions._update_state_machine
    create_connection: Operation = eventbridge._create_connection
    update_connection: Operation = eventbridge._update_connection
    describe_connection: Operation = eventbridge._describe_connection

    def new_machine(data: dict[str, Any]) -> Response:
        return _keep_tracing(data, create_machine(data))

    def changed_machine(data: dict[str, Any]) -> Response:
        return _keep_tracing(data, update_machine(data))

    def new_connection(data: dict[str, Any]) -> Response:
        response = create_connection(data)
        if response[0] != 200:
            return response
        record, number = eventbridge._connections[data["Name"]], str(uuid.uuid4())
        scope = f"{eventbridge.get_region()}:{eventbridge.get_account_id()}"
        secret = f"events!connection/{data['Name']}/{number}-local0"
        record["SecretArn"] = f"arn:aws:secretsmanager:{scope}:secret:{secret}"
        record["ConnectionArn"] += f"/{number}"
        _keep_key(data)
        return _with_arn(response, record["ConnectionArn"])

    def changed_connection(data: dict[str, Any]) -> Response:
        response = update_connection(data)
        if response[0] == 200:
            _keep_key(data)
        return response

    def described_connection(data: dict[str, Any]) -> Response:
        status, headers, body = describe_connection(data)
        if status != 200:
            return status, headers, body
        return status, headers, json.dumps(_without_secrets(json.loads(body))).encode()

    stepfunctions._create_state_machine = new_machine
    stepfunctions._update_state_machine = changed_machine
    eventbridge._create_connection = new_connection
    eventbridge._update_connection = changed_connection
    eventbridge._describe_connection = described_connection


def _keep_tracing(data: dict[str, Any], response: Response) -> Response:
    if response[0] == 200:
        arn = data.get("stateMachineArn") or json.loads(response[2])["stateMachineArn"]
        machine = stepfunctions._state_machines[arn]
        known = machine.get("tracingConfiguration", {})
        # Off is said by leaving `enabled` out.
        told = data.get("tracingConfiguration", known)
        machine["tracingConfiguration"] = {"enabled": False, **told}
    return response


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
