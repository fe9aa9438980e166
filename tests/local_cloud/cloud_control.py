"""The tests' hands on the cloud: kill a worker, disturb a stream, change a function's settings."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests

from cost_calculator.aws.items import from_item
from cost_calculator.cells import NOBODY, Cell
from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from local import client
from local.deployment import Deployment
from tests.support import patience
from tests.support.patience import HANGS_SECONDS

WAIT = 90.0


@dataclass(frozen=True, slots=True)
class Emulator:
    """Faults of AWS on order, and the settings that tests change for a while."""

    deployment: Deployment

    def name_of(self, function: str) -> str:
        """Return the deployed name of `invoke_model` and its like."""
        return str(self.deployment.outputs["functions"][function]["name"])

    def kill(self, function: str, count: int = 1, after_ms: int = 0) -> None:
        """Let the next calls of a function lose their worker."""
        order = {"function": self.name_of(function), "count": count, "after_ms": after_ms}
        self._post("kill", order)

    def deaths_to_come(self, function: str) -> int:
        return int(self._post("kill", None).get(self.name_of(function), 0))

    def calls(self) -> dict[str, list[dict[str, Any]]]:
        """Return the AWS calls that each function, by its deployed name, has made."""
        found: dict[str, list[dict[str, Any]]] = self._post("calls", None)
        return found

    def throttle_starts(self, count: int) -> None:
        """Let the next StartExecution calls be throttled."""
        self._post("throttle", {"count": count})

    def starts_to_throttle(self) -> int:
        return int(self._post("throttle", None)["left"])

    def streams(self, **order: Any) -> list[dict[str, Any]]:
        """Disturb the streams, or ask how they are."""
        streams: list[dict[str, Any]] = self._post("streams", order or None)["streams"]
        return streams

    def drained(self) -> bool:
        """Whether every record of every stream has been delivered."""
        return all(stream["pending"] == 0 for stream in self.streams())

    def drain(self) -> None:
        wait_for(self.drained, "the streams are not delivered")

    def sweep(self) -> dict[str, Any]:
        """Run the sweep as its schedule would; return what it did."""
        answer = self.deployment.client("lambda").invoke(
            FunctionName=self.name_of("sweep"), Payload=b"{}"
        )
        payload: dict[str, Any] = json.load(answer["Payload"])
        assert "FunctionError" not in answer, payload
        return payload

    @contextmanager
    def settings(self, function: str, **variables: str) -> Iterator[None]:
        """Give a function other environment variables for a while."""
        client = self.deployment.client("lambda")
        name = self.name_of(function)
        before = client.get_function_configuration(FunctionName=name)["Environment"]
        changed = {"Variables": {**before["Variables"], **variables}}
        client.update_function_configuration(FunctionName=name, Environment=changed)
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Environment=before)

    @contextmanager
    def timeout(self, function: str, seconds: int) -> Iterator[None]:
        """Give a function another time-out for a while."""
        client = self.deployment.client("lambda")
        name = self.name_of(function)
        before = client.get_function_configuration(FunctionName=name)["Timeout"]
        client.update_function_configuration(FunctionName=name, Timeout=seconds)
        try:
            yield
        finally:
            client.update_function_configuration(FunctionName=name, Timeout=before)

    def item_of(self, function: str) -> dict[str, str]:
        """Return the settings that a function reads from its item, by their variables."""
        client = self.deployment.client("lambda")
        found = client.get_function_configuration(FunctionName=self.name_of(function))
        _, key = found["Environment"]["Variables"]["SETTINGS_ITEM"].split("/")
        return {name: str(value) for name, value in self.control(key).items() if name != "key"}

    def config_of(self, function: str = "analyze") -> dict[str, Any]:
        """Return the configuration by which a function accepts requests."""
        config: dict[str, Any] = json.loads(self.item_of(function)["FAREGATE_CONFIG"])
        return config

    def configured(
        self, function: str = "analyze", **settings: Any
    ) -> AbstractContextManager[None]:
        """Give a function another configuration for a while, by its keys."""
        config = json.dumps({**self.config_of(function), **settings})
        return self.settings(function, FAREGATE_CONFIG=config)

    def seen_rates(self, tenants: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Let `ingest` know these tenants' rates for a while."""
        return self.settings("ingest", TENANT_RATES=json.dumps(tenants))

    def workflow_limit(
        self, seconds: int, workflow: str | None = None
    ) -> AbstractContextManager[None]:
        """Give the workflow, or one on top of it, another time limit for a while."""
        return self.changed(lambda definition: {**definition, "TimeoutSeconds": seconds}, workflow)

    def impatient(self) -> AbstractContextManager[None]:
        """Let the workflow wait but once, and briefly, for a request that comes too fast."""

        def once(definition: dict[str, Any]) -> dict[str, Any]:
            retrier = definition["States"]["AnalyzeComplexity"]["Retry"][0]
            assert retrier["ErrorEquals"] == ["RateLimited"]
            retrier |= {"MaxAttempts": 1, "IntervalSeconds": 1}
            return definition

        return self.changed(once)

    @contextmanager
    def changed(
        self, change: Callable[[dict[str, Any]], dict[str, Any]], workflow: str | None = None
    ) -> Iterator[None]:
        """Change the definition of the workflow, or of one on top of it, for a while."""
        client = self.deployment.client("stepfunctions")
        arn = self.deployment.state_machine_arn
        if workflow:
            arn = self.deployment.outputs["workflows"][workflow]["state_machine_arn"]
        definition = client.describe_state_machine(stateMachineArn=arn)["definition"]
        changed = json.dumps(change(json.loads(definition)))
        client.update_state_machine(stateMachineArn=arn, definition=changed)
        try:
            yield
        finally:
            client.update_state_machine(stateMachineArn=arn, definition=definition)

    def control(self, key: str) -> dict[str, Any]:
        """Return an item of the control table as plain values; empty where there is none."""
        answer = self.deployment.client("dynamodb").get_item(
            TableName=self.deployment.control_table, Key={"key": {"S": key}}, ConsistentRead=True
        )
        return from_item(answer.get("Item", {}))

    @contextmanager
    def stream_off(self) -> Iterator[None]:
        """Stop the delivery of the usage table's stream for a while."""
        client = self.deployment.client("lambda")
        mapping = self.deployment.outputs["event_source_mapping_id"]
        client.update_event_source_mapping(UUID=mapping, Enabled=False)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping, Enabled=True)

    @contextmanager
    def no_events(self) -> Iterator[None]:
        """Keep the ends of executions from `record_outcome` for a while."""
        client = self.deployment.client("events")
        rule = self.deployment.state_machine_arn.rsplit(":", 1)[1] + "-execution-ended-badly"
        client.disable_rule(Name=rule)
        try:
            yield
        finally:
            client.enable_rule(Name=rule)

    def failures(self) -> list[dict[str, Any]]:
        """Take all messages out of the failures queue; one that somebody still holds goes too."""
        client = self.deployment.client("sqs")
        url = self.deployment.outputs["failures_queue"]["url"]
        taken: list[dict[str, Any]] = []
        while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                client.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                taken.append(json.loads(message["Body"]))
        client.purge_queue(QueueUrl=url)
        return taken

    def _post(self, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        with requests.Session() as session:
            session.trust_env = False  # a proxy variable must not stand between us and loopback
            url = f"{self.deployment.cloud.emulator_url}/_local/{path}"
            answer = session.request(
                "GET" if body is None else "POST", url, json=body, timeout=HANGS_SECONDS
            )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def states_entered(deployment: Deployment, execution_arn: str) -> list[str]:
    """Return the names of the states that a run entered, in order."""
    pages = (
        deployment.client("stepfunctions")
        .get_paginator("get_execution_history")
        .paginate(executionArn=execution_arn)
    )
    return [
        event["stateEnteredEventDetails"]["name"]
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]


def fresh(prefix: str) -> str:
    """Return a name that no earlier run of the tests gave on the same cloud."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def limited_to(requests: int, tenant: str) -> dict[str, Any]:
    """Return the setting `tenants` in which one tenant has a rate of so many requests a minute."""
    return {tenant: {"rate": {"requests": requests}}}


def spend_totals(deployment: Deployment) -> Counter[str]:
    """Return the sums of what models answered, by the name of the figure.

    What no model answered is left out: a run that an earlier test had refused is counted late.
    """
    totals: Counter[str] = Counter()
    pages = deployment.client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=deployment.spend_table, ConsistentRead=True):
        for cell in map(from_item, page["Items"]):
            if Cell(cell["day"], cell["cell"]).parts.model == NOBODY:
                continue
            totals.update({k: v for k, v in cell.items() if isinstance(v, Decimal | int)})
    return totals


def make_older(
    deployment: Deployment, request_id: str, queued_at: str, tenant: str = DEFAULT_TENANT
) -> None:
    """Put all rows of a request that wait for something back in time, as if nobody had come."""
    dynamodb = deployment.client("dynamodb")
    traced = client.trace(deployment, request_id, tenant)
    for row in (traced.request, *traced.attempts):
        if "queue" in row:
            dynamodb.update_item(
                TableName=deployment.usage_table,
                Key={"request_id": {"S": key_of(tenant, request_id)}, "item": {"S": row["item"]}},
                UpdateExpression="SET queued_at = :then",
                ExpressionAttributeValues={":then": {"S": queued_at}},
            )


def wait_for(condition: Callable[[], Any], otherwise: str, seconds: float = WAIT) -> None:
    """Wait until a condition holds; fail with `otherwise` if it does not in time."""
    patience.wait_for(condition, otherwise, seconds)
