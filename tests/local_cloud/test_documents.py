"""What the documents say to paste on an AWS account is run on the local cloud, as it stands."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest

from local import client
from local.deployment import API_KEY, Deployment
from tests.local_cloud.reader import paste
from tests.support.conversations import pdf
from tests.support.documented import commands

# Why the rest is not run here.
_NOT_HERE = {
    "make -C faregate package": "all local tests run what it builds",
    "make package": "all local tests run what it builds",
    "make verify-aws": "test_verify_aws.py runs its checks",
    "terraform init": "the deployment under test was made by it",
    "terraform apply": "the deployment under test was made by it",
    "aws ssm put-parameter": "the deployment has its key; `put_openai_api_key` below rotates it",
    "aws service-quotas": "the local cloud has no quotas",
    "aws apigateway get-api-key": "of another `api.auth`: test_api_auth.py reads such a key",
    'curl "$FAREGATE_URL/usage"': "of another `api.auth`: test_api_auth.py calls in each way",
}
RUN = {
    command.text: command.page
    for command in commands()
    if command.marked and not command.text.startswith((*_NOT_HERE, "export "))
}
# What `terraform output commands` prints.
OUTPUT = (
    "put_openai_api_key", "ask", "start_execution", "describe_execution", "read_request",
    "subscribe",
    "dashboard", "read_failures", "create_caller_key", "ask_api", "send_message",
    "read_dead_letters", "redrive", "submit_batch",
)  # fmt: skip
_FROM_OUTPUT = re.compile(r"(\w+)=\$\(terraform output -json (\w+) \| jq -r \.(\w+)\)")


@pytest.fixture(scope="module")
def night() -> str:
    """A batch of its own, so that the tests may run twice on one cloud."""
    return f"nightly-{uuid.uuid4().hex[:6]}"


@pytest.fixture(scope="module")
def desk(deployment: Deployment, night: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader's folder, with the files that the documents speak of."""
    folder = tmp_path_factory.mktemp("desk")
    prompts = '{"id": "a", "input": "What is the capital of France?"}\n{"input": "2 + 2?"}\n'
    (folder / "prompts.jsonl").write_text(prompts)
    (folder / "report.pdf").write_bytes(pdf())
    deployment.client("s3").put_object(
        Bucket=deployment.outputs["batch"]["bucket"],
        Key=f"batches/{night}/input.jsonl",
        Body=prompts.encode(),
    )
    return folder


@pytest.fixture(scope="module")
def exported(deployment: Deployment) -> dict[str, str]:
    """What a reader has exported by then."""
    [arn] = client.start(deployment, [{"input": "What is the capital of France?"}])
    client.wait_for_execution(deployment, arn, 60)
    create_key = deployment.outputs["commands"]["create_caller_key"]
    return {
        "FAREGATE_URL": deployment.api_url,
        "FAREGATE_KEY": paste(deployment, create_key, {"TENANT": "acme"}).strip(),
        "QUEUE_URL": deployment.outputs["queue"]["url"],
        "BATCH_STATE_MACHINE_ARN": deployment.outputs["batch"]["state_machine_arn"],
        "USAGE": deployment.usage_table,
        "REQUEST_ID": arn.rsplit(":", 1)[1],
        "EXECUTION_ARN": arn,
        "EMAIL": "somebody@example.com",
        "TENANT": "acme",
        "OPENAI_API_KEY": API_KEY,
    }


@pytest.mark.parametrize("text", RUN)
def test_a_documented_command_works_as_it_stands(
    text: str, deployment: Deployment, night: str, desk: Path, exported: dict[str, str]
) -> None:
    text = text.replace("-machine-arn …", f"-machine-arn {deployment.state_machine_arn}")
    assert "…" not in text, "a reader cannot paste this"

    paste(deployment, text.replace("nightly", night), exported, desk)


def test_what_the_documents_take_from_outputs_is_an_output(deployment: Deployment) -> None:
    exports = [command.text for command in commands() if command.text.startswith("export ")]
    taken = [found for text in exports for found in _FROM_OUTPUT.findall(text)]

    assert len(taken) >= 3
    assert all(deployment.outputs[output].get(name) for _, output, name in taken)


@pytest.mark.parametrize("name", OUTPUT)
def test_a_command_that_the_module_puts_out_works_as_it_stands(
    name: str, deployment: Deployment, desk: Path, exported: dict[str, str]
) -> None:
    paste(deployment, deployment.outputs["commands"][name], exported, desk)


def test_the_module_puts_out_no_other_commands(deployment: Deployment) -> None:
    assert set(deployment.outputs["commands"]) == set(OUTPUT)
