"""What becomes of a deployment: changed in place, taken over by the release archive, taken down.

These tests run last (see conftest.py): the deployment that all others used ends here.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import client
from local.deployment import Deployment
from tests.local_cloud.conftest import RUNNING
from tests.local_cloud.released import Root
from tests.local_cloud.settings import GROUPS, IN_PLACE, KEPT_UNDER_ANOTHER_NAME

pytestmark = [
    pytest.mark.skipif(RUNNING, reason="the cloud that make up left is not ours to end"),
    pytest.mark.runs("last"),  # it ends the deployment
]


# The local gateway keeps the tags that it is made with, whatever it is told later.
FORGOTTEN = {
    "aws_api_gateway_rest_api.this[0]: tags.team",
    "aws_api_gateway_stage.this[0]: tags.team",
    "aws_apigatewayv2_api.websocket[0]: tags.team",
    "aws_apigatewayv2_stage.websocket[0]: tags.team",
}
ALL_ALLOWED = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


@pytest.fixture(scope="module")
def root(deployment: Deployment, terraform_folder: Path) -> Root:
    made = Root(deployment, terraform_folder)
    made.apply()
    return made


def test_the_release_archive_takes_over_and_answers(deployment: Deployment, root: Root) -> None:
    [arn] = client.start(deployment, [{"input": "What is the capital of France?"}])

    assert client.wait_for_execution(deployment, arn, 60)["status"] == "SUCCEEDED"
    assert root.second_plan().lines() == set()


@pytest.mark.parametrize("name", GROUPS)
def test_a_plan_shows_what_the_settings_are_said_to_change_and_nothing_else(
    root: Root, name: str
) -> None:
    group = GROUPS[name]
    plan = root.plan({path: value for path, (value, _) in group.settings.items()})

    by_setting = [line for _, lines in group.settings.values() for line in plan.expand_all(lines)]
    together = plan.expand_all(group.together)

    assert plan.lines() == {*by_setting, *together}
    assert [line for line, times in Counter(by_setting).items() if times > 1] == []
    assert set(by_setting) & set(together) == set()


def test_another_name_is_another_deployment(root: Root) -> None:
    lines = root.plan({"name": "another"}).lines()

    kept = {line for line in lines if not line.endswith(": anew")}
    assert all(line.startswith(KEPT_UNDER_ANOTHER_NAME) for line in kept)
    tables = {line for line in lines if line.startswith("aws_dynamodb_table.")}
    assert {line.split(": ")[1] for line in tables} == {"anew"}
    assert len(tables) == 3


def test_what_was_changed_in_place_stays_as_it_was_said(deployment: Deployment, root: Root) -> None:
    settings = {
        # The provider looks at a bucket's lifecycle for most of a minute.
        path: value
        for path, (value, _) in IN_PLACE.settings.items()
        if path != "privacy.text_ttl_days"
    }
    boundary = settings["permissions_boundary_arn"].rsplit("/", 1)[1]
    deployment.client("iam").create_policy(PolicyName=boundary, PolicyDocument=ALL_ALLOWED)
    with root.settled(settings):
        assert root.plan_as_settled().lines()

        root.apply_planned()

        assert root.second_plan().lines() == FORGOTTEN
        # Functions read the settings that were applied, and what they read before is gone.
        assert items_of_settings(deployment) == items_that_are_read(deployment)


def items_of_settings(deployment: Deployment) -> set[str]:
    pages = deployment.client("dynamodb").get_paginator("scan")
    keys = [
        item["key"]["S"]
        for page in pages.paginate(TableName=deployment.control_table, ConsistentRead=True)
        for item in page["Items"]
    ]
    return {key for key in keys if key.startswith("config#")}


def items_that_are_read(deployment: Deployment) -> set[str]:
    aws = deployment.client("lambda")
    found = set()
    for function in deployment.outputs["functions"].values():
        made = aws.get_function_configuration(FunctionName=function["name"])
        if address := made["Environment"]["Variables"].get("SETTINGS_ITEM"):
            found.add(address.split("/")[1])
    return found


def left(deployment: Deployment) -> Iterator[str]:
    """What the account still holds of what the module makes, by service."""
    looks: dict[str, Callable[[Any], list[Any]]] = {
        "cloudwatch": lambda client: client.describe_alarms()["MetricAlarms"],
        "dynamodb": lambda client: client.list_tables()["TableNames"],
        "events": lambda client: (
            client.list_rules()["Rules"] + client.list_connections()["Connections"]
        ),
        "iam": lambda client: client.list_roles()["Roles"],
        "lambda": lambda client: (
            client.list_functions()["Functions"]
            + client.list_event_source_mappings()["EventSourceMappings"]
            + client.list_layers()["Layers"]
        ),
        "logs": lambda client: client.describe_log_groups()["logGroups"],
        "s3": lambda client: client.list_buckets()["Buckets"],
        "sns": lambda client: client.list_topics()["Topics"],
        "sqs": lambda client: client.list_queues().get("QueueUrls", []),
        "stepfunctions": lambda client: client.list_state_machines()["stateMachines"],
    }
    prefix = deployment.state_machine_arn.rsplit(":", 1)[1]
    for service, look in looks.items():
        for each in look(deployment.client(service)):
            if prefix in json.dumps(each, default=str):
                yield f"{service}: {each}"


def test_destroy_leaves_nothing(deployment: Deployment, root: Root) -> None:
    assert list(left(deployment))

    root.destroy()

    assert list(left(deployment)) == []
    keys = deployment.client("kms").describe_key(KeyId=deployment.outputs["kms_key_arn"])
    assert keys["KeyMetadata"]["KeyState"] == "PendingDeletion"
