"""The deployment is found once, in one order: options, environment, local cloud, AWS's own."""

from __future__ import annotations

import argparse
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cost_calculator.cli.deployed import Deployment
from cost_calculator.cli.deployment import open_deployment
from cost_calculator.cli.options import add_deployment_arguments, with_defaults
from local.cloud import Cloud, running, save


def opened(*words: str) -> Deployment:
    parser = argparse.ArgumentParser()
    add_deployment_arguments(parser)
    return open_deployment(with_defaults(parser.parse_args(words)))


@pytest.fixture(autouse=True)
def _shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A shell in an empty folder that has exported nothing of Faregate's."""
    monkeypatch.delenv("FAREGATE_NAME")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def local_cloud(tmp_path: Path) -> Iterator[str]:
    """A checkout around the current folder whose `make up` left a cloud that answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        save(Cloud(url, "http://127.0.0.1:1", False, ()), tmp_path / "build/local/cloud.json")
        yield url


def test_the_running_local_cloud_is_found_from_within_its_checkout(
    local_cloud: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")
    monkeypatch.setenv("AWS_PROFILE", "not-there")

    found = opened()

    assert (found.name, found.endpoint_url, found.region) == ("faregate", local_cloud, "us-east-1")
    credentials = found.session.get_credentials()
    assert credentials is not None
    assert credentials.access_key == "test"
    assert f"On the local cloud at {local_cloud}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "variables"),
    [
        (["--name", "prod"], {}),
        (["--region", "eu-west-1"], {}),
        (["--endpoint-url", "http://127.0.0.1:9"], {}),
        ([], {"FAREGATE_NAME": "prod"}),
        ([], {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}),
    ],
)
def test_whoever_names_a_deployment_gets_no_other(
    local_cloud: str, words: list[str], variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert opened(*words).endpoint_url != local_cloud


def test_a_local_cloud_that_was_killed_is_not_found(tmp_path: Path) -> None:
    with socket.socket() as once:
        once.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{once.getsockname()[1]}"
    save(Cloud(url, url, False, ()), tmp_path / "build/local/cloud.json")

    with pytest.raises(SystemExit, match="not running: make up"):
        opened("--local")


def test_a_state_file_cannot_send_prompts_elsewhere(tmp_path: Path) -> None:
    save(Cloud("http://example.com:80", "", False, ()), tmp_path / "build/local/cloud.json")

    with pytest.raises(SystemExit, match="not running"):
        opened("--local")


def test_what_make_up_writes_is_read_by_make_as_well(local_cloud: str, tmp_path: Path) -> None:
    state = tmp_path / "build/local/cloud.json"

    assert running(state) is None  # it listens, and is no emulator
    assert not state.exists()


def test_nothing_at_all_says_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import NoRegionError

    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with pytest.raises(NoRegionError):
        opened()


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A deployment `mine` in eu-west-1 that brought its own usage table."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        role = boto3.client("iam").create_role(
            RoleName="r", AssumeRolePolicyDocument="{}", Path="/"
        )["Role"]["Arn"]
        for function, variables in (
            ("sweep", {"USAGE_TABLE": "our-usage", "SPEND_TABLE": "mine-spend"}),
            ("invoke-model", {"ANSWERS_BUCKET": "mine-answers-1"}),
        ):
            boto3.client("lambda", region_name="eu-west-1").create_function(
                FunctionName=f"mine-{function}", Runtime="python3.13", Role=role, Handler="a.b",
                Code={"ZipFile": b"PK\5\6" + bytes(18)}, Environment={"Variables": variables},
            )  # fmt: skip
        yield


@pytest.mark.usefixtures("deployed")
def test_names_are_those_that_the_deployment_uses() -> None:
    found = opened("--name", "mine", "--region", "eu-west-1")

    assert found.table("usage") == "our-usage"
    assert found.answers_bucket == "mine-answers-1"
    assert found.table("control") == "mine-control"
    assert found.state_machine_arn.endswith(":eu-west-1:123456789012:stateMachine:mine")


@pytest.mark.usefixtures("deployed")
def test_a_name_on_the_command_line_outranks_what_the_shell_exported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("USAGE_TABLE", "of-another-deployment")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")

    assert opened().table("usage") == "of-another-deployment"
    assert opened("--name", "mine").table("usage") == "our-usage"


@pytest.mark.usefixtures("deployed")
def test_a_wrong_region_says_so() -> None:
    with pytest.raises(SystemExit, match="no deployment 'mine' in us-east-1: give --name and"):
        opened("--name", "mine", "--region", "us-east-1").table("usage")


def test_outputs_of_terraform_name_everything(tmp_path: Path) -> None:
    arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:mine"
    values = {
        "state_machine": {"arn": arn, "name": "mine"},
        "tables": {"usage": {"name": "u"}, "spend": {"name": "s"}, "control": {"name": "c"}},
        "answers_bucket": {"name": "b"},
        "batch": {"state_machine_arn": f"{arn}-batch", "bucket": "b"},
    }
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({name: {"value": value} for name, value in values.items()}))

    found = opened("--outputs", str(file))

    assert (found.name, found.region, found.answers_bucket) == ("mine", "eu-west-1", "b")
    assert [found.table(name) for name in ("usage", "spend", "control")] == ["u", "s", "c"]
    assert found.batch_machine_arn == f"{arn}-batch"


@pytest.mark.parametrize(
    ("words", "variables", "region"),
    [
        ([], {"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ([], {"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        ([], {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        (["--region", "eu-west-3"], {"AWS_REGION": "eu-west-1"}, "eu-west-3"),
    ],
)
def test_the_region_is_read_as_the_aws_cli_reads_it(
    words: list[str], variables: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert opened(*words).region == region
