"""What becomes of a deployment: changed in place, taken over by the release archive, taken down.

These tests run last (see conftest.py): the deployment that all others used ends here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local import routing, terraform
from local.deployment import EXAMPLE, Deployment
from tests.local_cloud.conftest import FOLDER, RUNNING
from tools import release

pytestmark = pytest.mark.skipif(RUNNING, reason="the cloud that make up left is not ours to end")

RELEASED = FOLDER / "released"
MODULE = "module.switchyard."


class Root:
    """A root module like `examples/local` on the same state, with the archive as its source."""

    def __init__(self, deployment: Deployment, before: Path) -> None:
        self.env = deployment.cloud.env()
        self.folder = FOLDER / "terraform-released"
        self.place = terraform.place_of(RELEASED, self.folder)
        # A module that an earlier run downloaded would be used again.
        for old in (RELEASED, self.folder):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(EXAMPLE, RELEASED, ignore=shutil.ignore_patterns(".*"))
        archive = release.archive(FOLDER / "release.zip")
        main = RELEASED / "main.tf"
        source = f"file://{archive}//terraform"
        text = main.read_text()
        assert '"../../terraform"' in text
        main.write_text(text.replace('"../../terraform"', f'"{source}"'))
        terraform.init(RELEASED, folder=self.folder)
        old = terraform.place_of(EXAMPLE, before)
        shutil.copy(old / "terraform.tfstate", self.place)
        self.variables = json.loads((old / "local.auto.tfvars.json").read_text())
        # The code is the archive's; the layer must be one for this machine.
        del self.variables["code"]

    def changes(self, **settings: Any) -> dict[str, set[str]]:
        """Plan the module with other settings; return what would change, by address."""
        override = self.place / "settings_override.tf.json"
        override.write_text(json.dumps({"module": {"switchyard": settings}}))
        try:
            plan = json.loads(terraform.plan_json(RELEASED, env=self.env, folder=self.folder))
        finally:
            override.unlink()
        return {
            each["address"].removeprefix(MODULE): changed(each["change"])
            for each in plan["resource_changes"]
            if each["mode"] == "managed" and each["change"]["actions"] != ["no-op"]
        }


def changed(change: dict[str, Any]) -> set[str]:
    """The attributes that an update in place would change; anything else fails the test."""
    assert change["actions"] == ["update"], change["actions"]
    before, after = change["before"], change["after"]
    return {name for name in after if before.get(name) != after[name]}


@pytest.fixture(scope="module")
def root(deployment: Deployment, terraform_folder: Path) -> Root:
    made = Root(deployment, terraform_folder)
    terraform.apply(RELEASED, variables=made.variables, env=made.env, folder=made.folder)
    return made


def test_the_release_archive_takes_over_and_answers(deployment: Deployment, root: Root) -> None:
    [arn] = routing.start(deployment, [{"input": "What is the capital of France?"}])

    assert routing.wait_for_execution(deployment, arn, 60)["status"] == "SUCCEEDED"
    assert root.changes() == {}


def test_each_setting_changes_in_place_and_changes_nothing_else(root: Root) -> None:
    found = root.changes(
        alarms={
            "thresholds": {"throttles": 7, "pending_age_seconds": 60, "spend_usd_per_hour": 0.001}
        },
        logs={"retention_days": 30},
        stream={"window_seconds": 3, "batch_size": 50},
        sweep={"schedule": "rate(10 minutes)"},
        tables={"deletion_protection": False, "point_in_time_recovery": True},
        workflow={"log_level": "ALL"},
    )

    groups = {address for address in found if address.startswith("aws_cloudwatch_log_group.")}
    tables = {address for address in found if address.startswith("aws_dynamodb_table.")}
    assert all(found.pop(address) == {"retention_in_days"} for address in groups)
    assert len(tables) == 3
    assert all(found.pop(address) == {"point_in_time_recovery"} for address in tables)
    assert found == {
        'aws_cloudwatch_metric_alarm.this["throttles"]': {"threshold"},
        "aws_cloudwatch_event_rule.sweep": {"schedule_expression"},
        "aws_lambda_event_source_mapping.usage": {
            "batch_size",
            "maximum_batching_window_in_seconds",
        },
        "aws_sfn_state_machine.this": {"logging_configuration"},
        "aws_sfn_state_machine.batch[0]": {"logging_configuration"},
    }


@pytest.mark.parametrize(
    ("settings", "functions"),
    [
        ({"limits": {"input_bytes": 4096}}, {"analyze", "record_outcome", "sweep"}),
        ({"routing": {"raise_above": 0.9}}, {"analyze", "record_outcome", "sweep"}),
        ({"observability": {"metric_tenants": ["acme"]}}, None),
    ],
    ids=["limits", "routing", "metric_tenants"],
)
def test_a_setting_reaches_the_functions_that_need_it_and_no_other_resource(
    root: Root, settings: dict[str, Any], functions: set[str] | None
) -> None:
    found = root.changes(**settings)

    names = {address.split('"')[1] for address in found if "aws_lambda_function." in address}
    assert set(found) == {f'aws_lambda_function.this["{name}"]' for name in names}
    assert all(attributes == {"environment"} for attributes in found.values())
    assert functions is None or functions <= names
    assert functions is not None or len(names) >= 6


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

    terraform.destroy(RELEASED, env=root.env, folder=root.folder)

    assert list(left(deployment)) == []
    keys = deployment.client("kms").describe_key(KeyId=deployment.outputs["kms_key_arn"])
    assert keys["KeyMetadata"]["KeyState"] == "PendingDeletion"
