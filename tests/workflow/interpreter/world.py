"""What the module makes on AWS, in this process: tables, bucket, topic, keys, the state machine."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import dynamodb_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from tests.support import tables
from tests.workflow.interpreter.engine import Engine
from tests.workflow.interpreter.functions import HANDLERS, Functions, is_function
from tests.workflow.interpreter.http_task import HttpTask, unusable
from tests.workflow.interpreter.patches import patched
from tests.workflow.interpreter.wire import INDEX, Wire, connected

ACCOUNT, REGION = "123456789012", "us-east-1"
BUCKET = "answers"
CORPUS = "corpus"
FAILURES = "failures"
DIMENSIONS = 256
_WORKFLOWS = ("variants", "agent", "rag", "documents")
ASL = Path(__file__).parents[3] / "asl"
ROUTER = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:faregate"
RUN_SQL = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:faregate-run-sql"
_KEYS = {"/faregate/openai-api-key": "sk-local-x", "/faregate/anthropic-api-key": "sk-ant-local-x"}
_ROLE = f"arn:aws:iam::{ACCOUNT}:role/workflow"
# Bedrock's models are the wire's; moto would take their calls for Bedrock's own.
# S3 Vectors is that of the local cloud: moto's has no queries. Its Knowledge Bases have no jobs.
_MOTO: Any = {
    "stepfunctions": {"execute_state_machine": True},
    "core": {
        "passthrough": {
            "urls": [
                r"https://bedrock-runtime\.",
                r"https://s3vectors\.",
                r"https://bedrock-agent\.",
            ],
            "services": [],
        }
    },
}
# A definition's holes that are no function's ARN.
_HOLES: Mapping[str, Callable[[str], str]] = {
    "connection_arn": lambda topic: f"arn:aws:events:{REGION}:{ACCOUNT}:connection/openai/1",
    "failure_topic_arn": lambda topic: topic,
    "openai_endpoint": lambda topic: "https://api.openai.com/v1/chat/completions",
    "usage_table": lambda topic: tables.USAGE,
    "answers_bucket": lambda topic: BUCKET,
    "partition": lambda topic: "aws",
    "router_arn": lambda topic: ROUTER,
    "variants_arn": lambda topic: f"{ROUTER}-variants",
    "topic_arn": lambda topic: topic,
    "failures_queue_url": lambda topic: f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{FAILURES}",
    "scorer_arn": lambda topic: f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:faregate-scorer",
}


@dataclass(slots=True)
class World:
    """Everything around one state machine. `human` answers the tasks that wait for their token.

    `unusable` are the reasons why the next HTTP Tasks cannot use their connection; `writes` are the
    errors of the next transactions that add attempts.
    """

    wire: Wire
    functions: Functions
    topic_arn: str
    machine_arn: str = ""
    human: Callable[[str, Callable[[], Any]], Any] = lambda _token, wait: wait()
    unusable: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, region_name=REGION)

    def connection(self, _arn: str) -> Mapping[str, str]:
        """What the EventBridge connection adds to an HTTP Task's headers."""
        if self.unusable:
            raise unusable(self.unusable.pop(0))
        return {"Authorization": "Bearer sk-local-x"}

    def answer(self, token: str, wait: Callable[[], Any]) -> Any:
        """Let whoever is the human at the moment answer a task that waits."""
        return self.human(token, wait)

    def empty(self) -> None:
        """Take all rows away: moto copies its tables for each transaction."""
        for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
            table.items.clear()
            if table.stream_shard:
                table.stream_shard.items.clear()

    def execution(self, arn: str) -> Any:
        """Return moto's own record of an execution."""
        return stepfunctions_parser_backends[ACCOUNT][REGION].describe_execution(arn)

    @contextmanager
    def configured(self, **settings: Any) -> Iterator[None]:
        """Give the functions another configuration for a while, by its keys."""
        before = os.environ["FAREGATE_CONFIG"]
        config = json.dumps({**json.loads(before), **settings})
        with patch.dict(os.environ, FAREGATE_CONFIG=config):
            started_again()
            yield
        started_again()


@contextmanager
def world(config: Mapping[str, Any]) -> Iterator[World]:
    """Make everything, and take it away again; meanwhile the packages are imported once more."""
    with ExitStack() as stack:
        stack.enter_context(_imported_again("router", "cost_calculator"))
        stack.enter_context(mock_aws(config=_MOTO))
        wire = Wire()
        stack.enter_context(connected(wire))
        sns: Any = boto3.client("sns", region_name=REGION)
        topic = sns.create_topic(Name="faregate-failures")["TopicArn"]
        stack.enter_context(patch.dict(os.environ, _environment(config, topic)))
        made = World(wire, Functions(), topic)
        stack.enter_context(
            patched(
                stack.enter_context(Engine()),
                made.functions,
                lambda: HttpTask(wire.send, made.connection),
                made.answer,
            )
        )
        stack.enter_context(patch.object(BotocoreStubber, "process_request", _faulty(made.writes)))
        _make(made)
        yield made


def filled(text: str, topic_arn: str = "") -> str:
    """Fill a definition's holes; the ARN of a function is known by its handler's name."""

    def value(hole: re.Match[str]) -> str:
        name = hole[1]
        if name in _HOLES:
            return _HOLES[name](topic_arn)
        function = name.removesuffix("_arn")
        if function != name and is_function(function):
            return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:faregate-{function}"
        raise KeyError(f"${{{name}}} belongs to no handler, and is not in {', '.join(_HOLES)}")

    return re.sub(r"\$\{(\w+)\}", value, text)


def _make(made: World) -> None:
    tables.create_tables(made.client("dynamodb"))
    for bucket in (BUCKET, CORPUS):
        made.client("s3").create_bucket(Bucket=bucket)
    made.client("sqs").create_queue(QueueName=FAILURES)
    for name, key in _KEYS.items():
        made.client("ssm").put_parameter(Name=name, Type="SecureString", Value=key)
    made.machine_arn = machine(made, "faregate", "router")


def machine(
    made: World, name: str, file: str, as_deployed: Callable[[Any], None] = lambda _it: None
) -> str:
    """Make the state machine of a definition, changed as the module would; return its ARN."""
    read = json.loads((ASL / f"{file}.asl.json").read_text(encoding="utf-8"))
    as_deployed(read)
    definition = filled(json.dumps(read), made.topic_arn)
    found: str = made.client("stepfunctions").create_state_machine(
        name=name, definition=definition, roleArn=_ROLE
    )["stateMachineArn"]
    return found


def _environment(config: Mapping[str, Any], topic_arn: str) -> dict[str, str]:
    """Return the variables of all functions together; none has two meanings."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "USAGE_TABLE": tables.USAGE,
        "SPEND_TABLE": tables.SPEND,
        "CONTROL_TABLE": tables.CONTROL,
        "ANSWERS_BUCKET": BUCKET,
        "CORPUS_BUCKET": CORPUS,
        "DOCUMENTS_FOLDER": "documents/",
        "STATE_MACHINE_ARN": f"{ROUTER}-documents",
        "ANALYSIS": "Say what it is about.",
        "VECTORS": json.dumps({"index_arn": INDEX, "dimensions": DIMENSIONS}),
        "RETRIEVERS": json.dumps(
            {"keywords": {}, "vectors": {"index_arn": INDEX, "dimensions": DIMENSIONS}}
        ),
        "INPUT_BYTES_LIMIT": str(config["limits"]["input_bytes"]),
        "PAYLOAD_BYTES_LIMIT": str(config["limits"]["payload_bytes"]),
        "FAILURE_TOPIC_ARN": topic_arn,
        "ANALYZE_MEMORY_MB": "512",
        "WORKFLOWS": json.dumps(
            {f"faregate-{name}": {"name": name, "memory_mb": 256} for name in _WORKFLOWS}
        ),
        "FAREGATE_CONFIG": json.dumps(config),
        "PRICE_OVERRIDES": "{}",
        "AGENT_TOOLS": json.dumps({"run_sql": RUN_SQL}),
        "MODEL_TIMEOUT_SECONDS": "240",
        "OPENAI_API_KEY_PARAMETER": "/faregate/openai-api-key",
        "ANTHROPIC_API_KEY_PARAMETER": "/faregate/anthropic-api-key",
        "WORKFLOW_SECONDS": str(config["workflow_seconds"]),
        "POWERTOOLS_METRICS_NAMESPACE": "Faregate",
        "POWERTOOLS_LOG_LEVEL": "ERROR",
    }


def _faulty(writes: list[str]) -> Any:
    """Let DynamoDB refuse transactions that add attempts, as long as there are errors to come."""
    process = BotocoreStubber.process_request

    def processed(self: BotocoreStubber, request: Any) -> Any:
        target = request.headers.get("X-Amz-Target", b"")
        text = target.decode() if isinstance(target, bytes) else target
        if not (writes and text.endswith(".TransactWriteItems") and b'"ATTEMPT#0' in request.body):
            return process(self, request)
        body = {"__type": writes.pop(0), "message": "refused on order"}
        return 400, {"x-amzn-requestid": "0"}, json.dumps(body).encode()

    return processed


def started_again() -> None:
    """Import the handlers again, as new environments of their functions would."""
    for name in [name for name in sys.modules if name.startswith(f"{HANDLERS}.")]:
        del sys.modules[name]
    importlib.invalidate_caches()


@contextmanager
def _imported_again(*packages: str) -> Iterator[None]:
    """Import packages once more for a while: what they keep in this process is the world's."""

    def ours() -> dict[str, Any]:
        return {name: it for name, it in sys.modules.items() if name.split(".")[0] in packages}

    before = ours()
    for name in before:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in ours():
            del sys.modules[name]
        sys.modules.update(before)
