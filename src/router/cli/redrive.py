"""Does the work of the failures queue's messages once more; a message goes when its work is done.

Everything that is called here may be called twice: a row is priced once, a request is closed once.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.cli.deployed import Deployment
from cost_calculator.cli.deployment import open_deployment
from cost_calculator.cli.options import add_deployment_arguments, add_json_argument
from cost_calculator.clock import iso
from cost_calculator.row_keys import request_id_of, tenant_of
from cost_calculator.rows import SHARDS
from cost_calculator.settlement import UnreadableRow, check_readable
from router.aws.usage_table import UsageStore
from router.operations.redrive import Event, StreamRecords, Subject, subject_of

# Longer than the longest function, so that no message comes twice while its work is done.
_INVISIBLE_SECONDS = 900
_MOST_SWEEPS = 100


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what", choices=("stream", "events"),
        help="stream: rows that price_rows gave up; events: what the other functions could not do",
    )  # fmt: skip
    add_json_argument(parser, "print JSON lines")
    add_deployment_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    deployment = open_deployment(arguments)
    queue = Queue(deployment)
    done: list[Result] = []
    wanted = StreamRecords if arguments.what == "stream" else Event
    try:
        messages = list(queue.messages())
        chosen = [message for message in messages if isinstance(message.subject, wanted)]
        redo = price_again(deployment) if arguments.what == "stream" else invoke_again(deployment)
        for message in chosen:
            problem = redo(message.subject)
            if problem is None:
                queue.delete(message)
            done.append(Result(message, problem))
        others = len(messages) - len(chosen)
    except (ClientError, BotoCoreError) as error:
        print(f"stopped, and safe to repeat: {error}", file=sys.stderr)
        return 1
    finally:
        queue.release()
    print(_as_json(done) if arguments.json else _as_text(done, others))
    return 1 if any(result.problem for result in done) else 0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was taken."""

    id: str
    receipt: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class Result:
    """A message, and why it stays in the queue; ``None`` if it is gone."""

    message: Message
    problem: str | None


class Queue:
    """The failures queue of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._client = deployment.client("sqs")
        self._prefix = f"{deployment.name}-"
        self._url = self._client.get_queue_url(QueueName=f"{deployment.name}-failures")["QueueUrl"]
        self._held: dict[str, Message] = {}

    def messages(self) -> Iterator[Message]:
        """Take every message; no other consumer gets one before ``release``."""
        while True:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=_INVISIBLE_SECONDS,
                WaitTimeSeconds=1,
                MessageAttributeNames=["All"],
            )
            found = [self._message(message) for message in answer.get("Messages", [])]
            fresh = [message for message in found if message.id not in self._held]
            self._held |= {message.id: message for message in found}
            yield from fresh
            if not fresh:
                return

    def delete(self, message: Message) -> None:
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)
        del self._held[message.id]

    def release(self) -> None:
        """Give back what was not deleted."""
        for message in self._held.values():
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message.receipt, VisibilityTimeout=0
            )

    def _message(self, message: dict[str, Any]) -> Message:
        given = message.get("MessageAttributes", {})
        attributes = {name: value.get("StringValue", "") for name, value in given.items()}
        subject = subject_of(message["Body"], attributes, self._prefix)
        return Message(message["MessageId"], message["ReceiptHandle"], subject)


def invoke_again(deployment: Deployment) -> Callable[[Any], str | None]:
    """Return the call that gives an event to its function and reports problems."""
    client = deployment.client("lambda")

    def redo(event: Event) -> str | None:
        _, problem = _invoke(client, event.function, event.payload)
        return problem

    return redo


def price_again(deployment: Deployment) -> Callable[[Any], str | None]:
    """Return what prices all rows that wait, by the sweep with its prices, and names those left."""
    swept: list[str | None] = []
    store = UsageStore(deployment.client("dynamodb"), deployment.table("usage"))

    def redo(records: StreamRecords) -> str | None:
        if not swept:
            swept.append(_sweep(deployment))
        if swept[0]:
            return swept[0]
        left = list(_pending(store, records.queued_by))
        if not left:
            return None
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        return f"{left[0]}{more}"

    return redo


def _sweep(deployment: Deployment) -> str | None:
    client, name = deployment.client("lambda"), deployment.function("sweep")
    for _ in range(_MOST_SWEEPS):
        answer, problem = _invoke(client, name, {"head_start_seconds": 0})
        if problem:
            return problem
        if not answer["priced"]["priced"]:
            return None
    return "more rows wait than one run prices: run it again"


def _invoke(client: Any, function: str, payload: Any) -> tuple[Any, str | None]:
    answer = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    result = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" not in answer:
        return result, None
    error = result if isinstance(result, dict) else {}
    return None, f"{function}: {error.get('errorType', 'failed')}: {error.get('errorMessage', '')}"


def _pending(store: UsageStore, queued_by: datetime) -> Iterator[str]:
    """Yield why each row that still waits for a price does so."""
    for shard in range(SHARDS):
        for row in store.queued(f"PENDING#{shard}", iso(queued_by)):
            try:
                check_readable(row)
                reason = "not priced: see the log of sweep"
            except UnreadableRow as error:
                reason = str(error)
            whose = f"{request_id_of(row['request_id'])} of {tenant_of(row['request_id'])}"
            yield f"{whose}, {row['item']}: {reason}"


def _as_text(results: Iterable[Result], others: int) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table("message", "about", "now")
    done = left = 0
    for result in results:
        table.add_row(result.message.id[:8], result.message.subject.about, result.problem or "done")
        done += result.problem is None
        left += result.problem is not None
    console = Console(width=150)
    with console.capture() as captured:
        console.print(table)
    return (
        f"{captured.get()}{done} done, {left} stay in the queue, {others} of other kinds untouched"
    )


def _as_json(results: Iterable[Result]) -> str:
    return "\n".join(
        json.dumps(
            {
                "message": result.message.id,
                "about": result.message.subject.about,
                "done": result.problem is None,
                "problem": result.problem,
            }
        )
        for result in results
    )
