"""Parameter Store sends EventBridge an event for each change of a parameter.

AWS: PutParameter and DeleteParameter put "Parameter Store Change" (source `aws.ssm`) on the default
bus; the detail holds name, type and operation (Create, Update, Delete), never the value.
MiniStack 1.5.33: no event.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, ssm

from local.emulator.patches.registry import replaces

Response = tuple[int, dict[str, str], bytes]
Operation = Callable[[dict[str, Any]], Response]


@replaces(ssm, "_put_parameter")
def put_parameter(original: Operation, data: dict[str, Any]) -> Response:
    """Announce the parameter as new or as changed."""
    known = data.get("Name") in ssm._parameters
    response = original(data)
    if response[0] == 200:
        _announce(ssm._parameters[data["Name"]], "Update" if known else "Create")
    return response


@replaces(ssm, "_delete_parameter")
def delete_parameter(original: Operation, data: dict[str, Any]) -> Response:
    """Announce that the parameter has gone."""
    _, record = ssm._lookup_parameter(data.get("Name") or "")
    response = original(data)
    if response[0] == 200 and record:
        _announce(record, "Delete")
    return response


@replaces(ssm, "_delete_parameters")
def delete_parameters(original: Operation, data: dict[str, Any]) -> Response:
    """Announce each parameter that has gone."""
    records = {name: ssm._lookup_parameter(name)[1] for name in data.get("Names", [])}
    response = original(data)
    for name in json.loads(response[2]).get("DeletedParameters", []):
        _announce(records[name], "Delete")
    return response


def _announce(parameter: dict[str, Any], operation: str) -> None:
    detail = {"operation": operation, "name": parameter["Name"], "type": parameter["Type"]}
    if parameter.get("Description"):
        detail["description"] = parameter["Description"]
    eventbridge._put_events(
        {
            "Entries": [
                {
                    "Source": "aws.ssm",
                    "DetailType": "Parameter Store Change",
                    "Detail": json.dumps(detail),
                    "Resources": [parameter["ARN"]],
                }
            ]
        },
        allow_aws_source=True,
    )
