"""One local cloud for the whole session, and small builders for what the tests run on it."""

import io
import itertools
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import boto3
import pytest
import requests
from botocore.config import Config

from local import cloud
from tests.support.patience import HANGS_SECONDS, wait_for

ROLE = "arn:aws:iam::000000000000:role/test"
Found = TypeVar("Found")


class Lab:
    """The running cloud, with builders whose names never collide."""

    def __init__(self, running: cloud.Cloud) -> None:
        self.cloud = running
        self._names = itertools.count(1)
        self._session = boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=cloud.REGION
        )

    def client(self, service: str, **credentials: str) -> Any:
        """A client of the account's root, or of whoever holds these credentials."""
        return self._session.client(
            service,
            endpoint_url=self.cloud.emulator_url,
            config=Config(retries={"total_max_attempts": 1}, read_timeout=HANGS_SECONDS),
            **credentials,
        )

    def name(self, prefix: str) -> str:
        return f"{prefix}-{os.getpid()}-{next(self._names)}"

    @staticmethod
    def wait_for(found: Callable[[], Found], *, seconds: float = 20.0) -> Found:
        """Poll until `found` answers something true; fail the test when it never does."""
        return wait_for(found, "what the test waits for never came", seconds)

    def function(self, code: str, **settings: Any) -> str:
        """Create a function from the text of a module with `handler`; answer its name."""
        name = self.name("function")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as target:
            target.writestr("app.py", code)
        self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
            **{"Timeout": 10, "Role": ROLE, **settings},
        )
        return name

    def machine(self, states: dict[str, Any], **top: Any) -> str:
        """Create a JSONata state machine that starts at its first state; answer its ARN."""
        kind = top.pop("type", "STANDARD")
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": next(iter(states)),
            "States": states,
            **top,
        }
        answer = self.client("stepfunctions").create_state_machine(
            name=self.name("machine"), definition=json.dumps(definition), roleArn=ROLE, type=kind
        )
        return str(answer["stateMachineArn"])

    def start(self, machine: str, given: Any = None, **options: Any) -> str:
        answer = self.client("stepfunctions").start_execution(
            stateMachineArn=machine, input=json.dumps(given or {}), **options
        )
        return str(answer["executionArn"])

    def end(self, execution: str, *, seconds: float = 20.0) -> dict[str, Any]:
        """Wait for an execution's end and answer its description."""
        states = self.client("stepfunctions")

        def ended() -> dict[str, Any] | None:
            found: dict[str, Any] = states.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return self.wait_for(ended, seconds=seconds) or {}

    def run(self, states: dict[str, Any], given: Any = None, **top: Any) -> dict[str, Any]:
        """Run a new machine once; answer the description of its execution."""
        return self.end(self.start(self.machine(states, **top), given))

    def output(self, states: dict[str, Any], given: Any = None, **top: Any) -> Any:
        """Run a new machine once and answer its output; fail when it does not succeed."""
        ended = self.run(states, given, **top)
        assert ended["status"] == "SUCCEEDED", (ended.get("error"), ended.get("cause"))
        return json.loads(ended["output"])

    def control(self, path: str, **body: Any) -> Any:
        """Use the emulator's control path `/_local/<path>`."""
        url = f"{self.cloud.emulator_url}/_local/{path}"
        method = "POST" if body else "GET"
        response = requests.request(method, url, json=body or None, timeout=HANGS_SECONDS)
        response.raise_for_status()
        return response.json()

    def queue(self) -> tuple[str, str]:
        """Create a queue; answer its URL and its ARN."""
        sqs = self.client("sqs")
        url = sqs.create_queue(QueueName=self.name("queue"))["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, attributes["Attributes"]["QueueArn"]

    def messages(self, url: str, *, at_least: int = 1) -> list[Any]:
        """Wait for messages on a queue and answer their parsed bodies, in order of arrival."""
        sqs = self.client("sqs")
        found: list[Any] = []

        def enough() -> bool:
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
            for message in answer.get("Messages", []):
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            return len(found) >= at_least

        self.wait_for(enough)
        return found


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("cloud")
    running = cloud.start(folder=folder, extra_env={"LOCAL_HTTP_TASK_SECONDS": "1"})
    yield Lab(running)
    cloud.stop(running, folder=folder)


@pytest.fixture(scope="session")
def guarded_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A cloud of its own that evaluates IAM policies."""
    folder = tmp_path_factory.mktemp("guarded")
    running = cloud.start(folder=folder, auth=True)
    yield Lab(running)
    cloud.stop(running, folder=folder)
