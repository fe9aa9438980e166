"""The mapping between a table's stream and a function, on the running emulator."""

import json
import time
from typing import Any

import pytest

RECORD_TO_QUEUE = (
    "import boto3, json\n"
    "def handler(event, context):\n"
    "    numbers = [r['dynamodb']['NewImage']['n']['N'] for r in event['Records']]\n"
    "    boto3.client('sqs').send_message(QueueUrl={url!r}, MessageBody=json.dumps(numbers))\n"
)


class Pipeline:
    """A table, a function and the mapping between them."""

    def __init__(self, lab: Any, code: str, **mapping: Any) -> None:
        self.lab = lab
        self.table = lab.name("table")
        stream = lab.client("dynamodb").create_table(
            TableName=self.table,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
        )["TableDescription"]["LatestStreamArn"]
        self.function = lab.function(code)
        self.mapping = lab.client("lambda").create_event_source_mapping(
            EventSourceArn=stream,
            FunctionName=self.function,
            StartingPosition="TRIM_HORIZON",
            **mapping,
        )["UUID"]

    def put(self, *values: int, status: str = "PENDING") -> None:
        for n in values:
            self.lab.client("dynamodb").put_item(
                TableName=self.table,
                Item={"id": {"S": f"{n}"}, "n": {"N": f"{n}"}, "cost_status": {"S": status}},
            )

    def state(self) -> dict[str, Any]:
        return dict(self.lab.control("streams", function=self.function)["streams"][0])

    def drain(self) -> dict[str, Any]:
        self.lab.wait_for(lambda: self.state()["pending"] == 0)
        return self.state()


@pytest.fixture
def queue(lab: Any) -> tuple[str, str]:
    url, arn = lab.queue()
    return str(url), str(arn)


def seen(lab: Any, url: str) -> list[int]:
    """All numbers the function has told the queue so far, in order."""
    sqs, found = lab.client("sqs"), []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found += [int(n) for n in json.loads(message["Body"])]
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_rows_that_pass_the_filter_arrive_in_order_and_soon(
    lab: Any, queue: tuple[str, str]
) -> None:
    pattern = {"dynamodb": {"NewImage": {"cost_status": {"S": ["PENDING"]}}}}
    line = Pipeline(
        lab,
        RECORD_TO_QUEUE.format(url=queue[0]),
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
    )

    line.put(1, 2)
    line.put(3, status="PRICED")
    line.put(4, 5)
    line.drain()

    assert seen(lab, queue[0]) == [1, 2, 4, 5]


def test_poison_row_goes_to_the_failure_destination_as_metadata_alone(
    lab: Any, queue: tuple[str, str]
) -> None:
    line = Pipeline(
        lab,
        "def handler(event, context):\n"
        "    bad = [r for r in event['Records'] if r['dynamodb']['NewImage']['n']['N'] == '2']\n"
        "    return {'batchItemFailures': [{'itemIdentifier': r['dynamodb']['SequenceNumber']}"
        " for r in bad]}\n",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=1,
        DestinationConfig={"OnFailure": {"Destination": queue[1]}},
    )

    line.put(1, 2, 3)
    state = line.drain()
    (message,) = lab.messages(queue[0])

    assert state["discarded"] == 1
    assert message["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert message["requestContext"]["approximateInvokeCount"] == 2
    assert message["DDBStreamBatchInfo"]["batchSize"] == 1
    assert "NewImage" not in json.dumps(message)


def test_replay_duplicate_and_shuffle_deliver_the_same_rows_again(
    lab: Any, queue: tuple[str, str]
) -> None:
    line = Pipeline(lab, RECORD_TO_QUEUE.format(url=queue[0]), BatchSize=50)
    line.put(*range(10))
    line.drain()
    first = seen(lab, queue[0])

    lab.control("streams", function=line.function, replay=True, shuffle=7, duplicate=1)
    line.drain()
    again = seen(lab, queue[0])

    assert first == list(range(10))
    assert sorted(again) == sorted([*range(10), *range(10)])
    assert again != sorted(again)


def test_killed_worker_gets_the_batch_once_more(lab: Any, queue: tuple[str, str]) -> None:
    line = Pipeline(lab, RECORD_TO_QUEUE.format(url=queue[0]))
    lab.control("kill", function=line.function, count=1, after_ms=9000)

    line.put(1)
    line.drain()

    assert seen(lab, queue[0]) == [1, 1]


def test_disabled_mapping_keeps_its_place(lab: Any, queue: tuple[str, str]) -> None:
    line = Pipeline(lab, RECORD_TO_QUEUE.format(url=queue[0]))
    line.put(1)
    line.drain()

    lab.client("lambda").update_event_source_mapping(UUID=line.mapping, Enabled=False)
    line.put(2)
    waiting = line.state()["pending"]
    lab.client("lambda").update_event_source_mapping(UUID=line.mapping, Enabled=True)
    line.drain()

    assert waiting == 1
    assert seen(lab, queue[0]) == [1, 2]


def test_batching_window_gathers_rows_into_one_call(lab: Any, queue: tuple[str, str]) -> None:
    line = Pipeline(
        lab, RECORD_TO_QUEUE.format(url=queue[0]), BatchSize=3, MaximumBatchingWindowInSeconds=20
    )

    started = time.monotonic()
    line.put(1, 2, 3)
    state = line.drain()

    assert state["invocations"] == 1
    assert time.monotonic() - started < 20


def test_image_in_the_stream_is_the_row_as_it_was_written(lab: Any, queue: tuple[str, str]) -> None:
    line = Pipeline(lab, RECORD_TO_QUEUE.format(url=queue[0]), Enabled=False)
    line.put(1)
    lab.client("dynamodb").update_item(
        TableName=line.table,
        Key={"id": {"S": "1"}},
        UpdateExpression="SET n = :n",
        ExpressionAttributeValues={":n": {"N": "9"}},
    )

    lab.client("lambda").update_event_source_mapping(UUID=line.mapping, Enabled=True)
    line.drain()

    assert seen(lab, queue[0]) == [1, 9]


def test_unknown_switch_is_refused_with_the_ones_there_are(lab: Any) -> None:
    with pytest.raises(Exception, match="400"):
        lab.control("streams", shufle=1)
