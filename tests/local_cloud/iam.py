"""What a call needs of IAM, and what a policy gives: the two sides of least privilege."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from local.cloud import REGION
from local.deployment import Deployment

ACCOUNT = "000000000000"
_HERE = f"{REGION}:{ACCOUNT}"
_ARNS = {
    "ssm": f"arn:aws:ssm:{_HERE}:parameter{{Name}}",
    "events": f"arn:aws:events:{_HERE}:connection/{{Name}}",
    "lambda": f"arn:aws:lambda:{_HERE}:function:{{FunctionName}}",
    # The API is in the address alone.
    "execute-api": "*",
}

# Operations that IAM knows by another name than the API does.
_ITEM_ACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
_ACTIONS = {
    "bedrock:Converse": "bedrock:InvokeModel",
    "bedrock:ConverseStream": "bedrock:InvokeModelWithResponseStream",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjectsV2": "s3:ListBucket",
    "lambda:Invoke": "lambda:InvokeFunction",
    "execute-api:PostToConnection": "execute-api:ManageConnections",
}
_OPTIMISED = {
    "lambda:invoke": "lambda:InvokeFunction",
    "sns:publish": "sns:Publish",
    "sqs:sendMessage": "sqs:SendMessage",
}


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """One action on one resource; of the control table, on keys that begin with `key`."""

    action: str
    resource: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One Allow of a role: `role` as in the deployment's names, `sid` as in `terraform/`."""

    role: str
    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    # Of `dynamodb:LeadingKeys`, which MiniStack does not evaluate; none allows every key.
    keys: tuple[str, ...] = ()

    def allows(self, need: Need) -> bool:
        return (
            _any_matches(need.action, self.actions)
            and _any_matches(need.resource, self.resources)
            and (not self.keys or _any_matches(need.key, self.keys))
        )


def needs_of_call(call: dict[str, Any]) -> Iterator[Need]:
    """Yield what a call that a function made (`/_local/calls`) needs."""
    names, action = call["names"], f"{call['service']}:{call['operation']}"
    if "actions" in names:
        for kind, table, key in names["actions"]:
            yield Need(f"dynamodb:{_ITEM_ACTIONS[kind]}", _table(table), key)
    elif "tables" in names:
        for table, key in names["tables"]:
            yield Need(action, _table(table), key)
    else:
        key = names.get("key", "")
        yield Need(_ACTIONS.get(action, action), _resource(call["service"], names), key)


def needs_of_definition(definition: dict[str, Any]) -> Iterator[Need]:
    """Yield what the tasks of a deployed state machine need of its role."""
    for state in definition["States"].values():
        if state["Type"] == "Task":
            # By the query language: JSONata has Arguments, JSONPath Parameters.
            given = state.get("Arguments") or state["Parameters"]
            yield from _needs_of_task(state["Resource"], given)
        elif state["Type"] == "Map":
            yield from needs_of_definition(state["ItemProcessor"])


def _needs_of_task(resource: str, given: dict[str, Any]) -> Iterator[Need]:
    task = resource.removeprefix("arn:aws:states:::").split(".", maxsplit=1)[0]
    if task == "http:invoke":
        connection = given["InvocationConfig"]["ConnectionArn"]
        yield Need("states:InvokeHTTPEndpoint", "*")
        yield Need("events:RetrieveConnectionCredentials", connection)
        yield Need("secretsmanager:DescribeSecret", "*")
        yield Need("secretsmanager:GetSecretValue", "*")
    elif task == "states:startExecution":
        yield Need("states:StartExecution", given["StateMachineArn"])
    elif task == "aws-sdk:dynamodb:transactWriteItems":
        text = json.dumps(given["TransactItems"])
        for kind, table in re.findall(r"'(\w+)':\s*\{\s*'TableName':\s*'([^']+)'", text):
            yield Need(f"dynamodb:{_ITEM_ACTIONS[kind]}", _table(table))
    elif task.startswith(("aws-sdk:dynamodb:", "dynamodb:")):
        operation = task.rsplit(":", 1)[1]
        yield Need(f"dynamodb:{operation[0].upper()}{operation[1:]}", _table(given["TableName"]))
    else:
        about = ("FunctionName", "TopicArn", "QueueUrl")
        named = next(given[name] for name in about if name in given)
        if task == "sqs:sendMessage":
            named = _queue(named)
        # An expression names what the run's own decisions chose.
        yield Need(_OPTIMISED[task], "*" if named.startswith("{%") else named)


def statements(deployment: Deployment, role: str) -> Iterator[Statement]:
    """Yield every Allow of a deployed role."""
    iam = deployment.client("iam")
    for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
        for each in document["Statement"]:
            assert each["Effect"] == "Allow", each
            yield Statement(
                role,
                each["Sid"],
                _tuple(each["Action"]),
                _tuple(each["Resource"]),
                _tuple(_leading_keys(each.get("Condition", {}))),
            )


def _leading_keys(conditions: dict[str, Any]) -> str | list[str]:
    found = [condition.get("dynamodb:LeadingKeys", []) for condition in conditions.values()]
    return next(filter(None, found), [])


def _resource(service: str, names: dict[str, str]) -> str:
    if service == "dynamodb":
        index = f"/index/{names['IndexName']}" if "IndexName" in names else ""
        return _table(names["TableName"]) + index
    if service == "sqs":
        return _queue(names["QueueUrl"])
    if service == "s3":
        return "arn:aws:s3:::" + "/".join(
            names[each] for each in ("Bucket", "Key") if each in names
        )
    if service == "bedrock":
        return f"arn:aws:bedrock:{_of_bedrock(names)}"
    # A function of the user's is called by its ARN.
    if service in _ARNS and not names.get("FunctionName", "").startswith("arn:"):
        return _ARNS[service].format_map(names)
    [arn] = names.values()
    return arn


def _of_bedrock(names: dict[str, str]) -> str:
    if "knowledgeBaseId" in names:
        return f"{_HERE}:knowledge-base/{names['knowledgeBaseId']}"
    # A model without a profile, which starts with a geography.
    own = names["modelId"].startswith("amazon.")
    kind = f"{REGION}::foundation-model" if own else f"{_HERE}:inference-profile"
    return f"{kind}/{names['modelId']}"


def _queue(url: str) -> str:
    return f"arn:aws:sqs:{_HERE}:{url.rsplit('/', 1)[1]}"


def _table(name: str) -> str:
    return f"arn:aws:dynamodb:{_HERE}:table/{name}"


def _any_matches(text: str, patterns: Iterable[str]) -> bool:
    # A need whose resource cannot be told from the call fits what the statement names.
    return any(text == "*" or fnmatchcase(text, pattern) for pattern in patterns)


def _tuple(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
