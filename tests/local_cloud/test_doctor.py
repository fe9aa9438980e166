"""Each check is seen to pass on a deployment that is well, and to fail on one that is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.deployment import API_KEY, API_KEY_PARAMETER, Deployment
from tests.local_cloud.cloud_control import Emulator, wait_for
from tests.local_cloud.test_fault_notices import Notices
from tests.local_cloud.test_fault_reruns import command

Break = Callable[[Deployment, Emulator], AbstractContextManager[None]]


def failures(deployment: Deployment, *options: str) -> dict[str, dict[str, Any]]:
    """Return the failed findings by check."""
    code, findings = command(deployment, "doctor", *options)
    failed = {one["check"]: one for one in findings if one["status"] == "failed"}
    assert code == bool(failed)
    assert all(one["fix"] for one in failed.values())
    return failed


@pytest.fixture(autouse=True)
def listener(deployment: Deployment, emulator: Emulator) -> Iterator[None]:
    emulator.failures()
    notices = Notices(deployment)
    yield
    notices.close()


def test_a_deployment_that_is_well_has_no_failure_and_says_what_nobody_can_check_here(
    deployment: Deployment,
) -> None:
    def at_rest() -> bool:  # a function whose settings another test gave back is updated first
        _, findings = command(deployment, "doctor")
        return all(one["status"] == "ok" for one in findings if one["check"] == "functions")

    wait_for(at_rest, "the functions are still being updated")
    code, findings = command(deployment, "doctor", "--paid")

    assert code == 0, [one for one in findings if one["status"] == "failed"]
    by_check = {one["check"]: one["status"] for one in findings}
    assert by_check.pop("models") == "unchecked"  # the simulator is in no catalogue of AWS
    assert set(by_check.values()) == {"ok"}
    assert by_check.keys() >= {"answers", "connection", "notices", "stream", "key"}


def test_outputs_of_terraform_name_the_deployment(deployment: Deployment, tmp_path: Path) -> None:
    outputs = {name: {"value": value} for name, value in deployment.outputs.items()}
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(outputs))

    assert failures(deployment, "--outputs", str(file)) == {}


@contextmanager
def message_waits(deployment: Deployment, emulator: Emulator) -> Iterator[None]:
    url = deployment.outputs["failures_queue"]["url"]
    deployment.client("sqs").send_message(QueueUrl=url, MessageBody="{}")
    yield
    emulator.failures()


@contextmanager
def key_is_disabled(deployment: Deployment, _emulator: Emulator) -> Iterator[None]:
    kms, arn = deployment.client("kms"), deployment.outputs["kms_key_arn"]
    kms.disable_key(KeyId=arn)
    yield
    kms.enable_key(KeyId=arn)


@contextmanager
def key_was_not_synced(deployment: Deployment, emulator: Emulator) -> Iterator[None]:
    events, name = deployment.client("events"), "faregate-api-key-changed"
    events.disable_rule(Name=name)
    deployment.client("ssm").put_parameter(
        Name=API_KEY_PARAMETER, Type="SecureString", Value=API_KEY, Overwrite=True
    )
    yield
    events.enable_rule(Name=name)
    sync = emulator.name_of("sync_api_key")  # the fix that the doctor names
    deployment.client("lambda").invoke(FunctionName=sync, Payload=b"{}")


@contextmanager
def model_is_unheard_of(deployment: Deployment, emulator: Emulator) -> Iterator[None]:
    tiers = emulator.config_of()["tiers"]
    tiers["SIMPLE"]["model"] = "us.vendor.unheard-of-1"
    with emulator.configured(tiers=tiers):
        yield


BROKEN: dict[str, tuple[Break, str]] = {
    "stream": (lambda _, emulator: emulator.stream_off(), "update-event-source-mapping"),
    "rules": (lambda _, emulator: emulator.no_events(), "enable-rule"),
    "failures queue": (message_waits, "faregate redrive"),
    "key": (key_is_disabled, "kms enable-key"),
    "connection": (key_was_not_synced, "lambda invoke"),
    "api keys": (
        lambda _, emulator: emulator.settings("invoke_model", OPENAI_API_KEY_PARAMETER="/nowhere"),
        "ssm put-parameter",
    ),
    "prices": (model_is_unheard_of, "prices"),
    "answers": (model_is_unheard_of, "runbook"),
}


@pytest.mark.parametrize("check", BROKEN)
def test_what_is_broken_is_found_with_its_cure_and_is_well_again_afterwards(
    check: str, deployment: Deployment, emulator: Emulator
) -> None:
    break_it, fix = BROKEN[check]
    paid = ["--paid"] if check == "answers" else []

    with break_it(deployment, emulator):
        wait_for(lambda: check in failures(deployment, *paid), f"{check} passes", 30)
        found = failures(deployment, *paid)

    assert fix in found[check]["fix"]
    wait_for(lambda: failures(deployment) == {}, "it stays broken", 30)


def test_a_topic_that_nobody_confirmed_is_found(deployment: Deployment) -> None:
    sns, topic = deployment.client("sns"), deployment.outputs["notifications_topic_arn"]
    for one in sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])

    assert "sns subscribe" in failures(deployment)["notices"]["fix"]


def test_a_name_that_was_never_deployed_fails_check_by_check(deployment: Deployment) -> None:
    failed = failures(deployment, "--name", "nobody")

    assert failed.keys() >= {"workflow", "tables", "functions", "stream", "rules"}
