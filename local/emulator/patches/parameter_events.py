"""Parameter Store tells EventBridge about each change of a parameter.

AWS: PutParameter and DeleteParameter put "Parameter Store Change" (source `aws.ssm`) on the default
bus; the detail holds name, type and operation (Create, Update, Delete), never the value.
MiniStack 1.5.33: no event.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import eventbridge, ssm

Response = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Wrap the three calls that change a parameter."""
    put: Callable[[dict[str, Any]], Response] = ssm._put_parameter
    delete: Callable[[dict[str, Any]], Response] = ssm._delete_parameter
    delete_many: Callable[[dict[str, Any]], Response] = ssm._delete_parameters

    def put_parameter(data: dict[str, Any]) -> Response:
        known = data.get("Name") in ssm._parameters
        response = put(data)
        if response[0] == 200:
            _announce(ssm._parameters[data["Name"]], "Update" if known else "Create")
        return response

    def delete_parameter(data: dict[str, Any]) -> Response:
        _, record = ssm._lookup_parameter(data.get("Name") or "")
        response = delete(data)
        if response[0] == 200 and record:
            _announce(record, "Delete")
        return response

    def delete_parameters(data: dict[str, Any]) -> Response:
        records = {name: ssm._lookup_parameter(name)[1] for name in data.get("Names", [])}
        response = delete_many(data)
        for name in json.loads(response[2]).get("DeletedParameters", []):
            _announce(records[name], "Delete")
        return response

    ssm._put_parameter = put_parameter
    ssm._delete_parameter = delete_parameter
    ssm._delete_parameters = delete_parameters


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
