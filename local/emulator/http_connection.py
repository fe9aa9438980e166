"""What an EventBridge connection adds to an HTTP Task: credentials and fixed parameters."""

import base64
from typing import Any

from ministack.services import eventbridge

from local.emulator.http_task import Connection, TaskError


def authorize(arn: str) -> Connection:
    """Read the connection's credentials; one that is absent or not authorized is AWS's error."""
    name = arn.split(":connection/", 1)[-1].split("/", 1)[0]
    record = eventbridge._connections.get(name)
    if record is None:
        raise TaskError(
            "Events.ConnectionResource.ResourceNotFound", f"Connection {arn} does not exist"
        )
    state = record.get("ConnectionState")
    if state == "AUTHORIZING":
        raise TaskError("Events.ConnectionResource.AuthInProgress", f"Connection {arn} is {state}")
    if state != "AUTHORIZED":
        raise TaskError(
            "Events.ConnectionResource.InvalidConnectionState", f"Connection {arn} is {state}"
        )
    parameters = record.get("AuthParameters") or {}
    fixed = parameters.get("InvocationHttpParameters") or {}
    return Connection(
        headers={**_values(fixed.get("HeaderParameters")), **_credentials(record, parameters)},
        query=_values(fixed.get("QueryStringParameters")),
        body=_values(fixed.get("BodyParameters")),
    )


def _credentials(record: dict[str, Any], parameters: dict[str, Any]) -> dict[str, str]:
    kind = record.get("AuthorizationType")
    if kind == "API_KEY":
        key = parameters.get("ApiKeyAuthParameters") or {}
        return {key["ApiKeyName"]: key["ApiKeyValue"]}
    if kind == "BASIC":
        basic = parameters.get("BasicAuthParameters") or {}
        pair = f"{basic['Username']}:{basic['Password']}".encode()
        return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
    raise TaskError(
        "Events.ConnectionResource.InvalidConnectionState",
        f"Authorization type {kind} is not supplied locally; use API_KEY or BASIC",
    )


def _values(parameters: list[dict[str, Any]] | None) -> dict[str, str]:
    return {item["Key"]: item.get("Value", "") for item in parameters or [] if item.get("Key")}
