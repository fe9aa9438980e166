"""Batch files and dead letters: an erased request's texts are in none of them any more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from router.aws.dead_letters import DeadLetters
from router.aws.erasure_store import TextStore
from router.operations.erase_batches import batch_and_line, erase_in_batches
from router.operations.erase_messages import erase_letters

BUCKET = "answers-1"
SECRET, OTHER = "the launch code", "what stays"


@pytest.fixture
def aws() -> Iterator[Any]:
    with mock_aws():
        yield lambda name: boto3.client(
            name, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )


@pytest.fixture
def files(aws: Any) -> TextStore:
    s3 = aws("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    store = TextStore(aws("dynamodb"), "usage", s3, BUCKET)
    payloads = [{"input": SECRET, "tenant": "acme"}, {"input": OTHER}]
    lines = [{"line": n, "payload": payload} for n, payload in enumerate(payloads, 1)]
    results = [{"line": 1, "output": SECRET, "cost_usd": "1"}, {"line": 2, "output": OTHER}]
    for name, records in (("chunks/000001.jsonl", lines), ("results/000001.jsonl", results)):
        body = "".join(json.dumps(record) + "\n" for record in records)
        # An older version holds the text as well.
        for _ in range(2):
            s3.put_object(Bucket=BUCKET, Key=f"batches/b/{name}", Body=body.encode())
    s3.put_object(Bucket=BUCKET, Key="batches/b/input.jsonl", Body=SECRET.encode())
    s3.put_object(Bucket=BUCKET, Key="batches/other/input.jsonl", Body=OTHER.encode())
    return store


def everything(store: TextStore) -> str:
    versions = store._s3.list_object_versions(Bucket=BUCKET).get("Versions", [])
    return "\n".join(
        store._s3.get_object(Bucket=BUCKET, Key=v["Key"], VersionId=v["VersionId"])["Body"]
        .read()
        .decode()
        for v in versions
    )


@pytest.mark.parametrize("request_id", ["b-1", None])
def test_a_request_of_a_batch_leaves_no_text_in_its_files_and_keeps_its_cost(
    files: TextStore, request_id: str | None
) -> None:
    assert erase_in_batches(files, "acme", request_id) == 3

    left = everything(files)
    assert SECRET not in left
    assert OTHER in left
    assert '"cost_usd": "1"' in left
    assert erase_in_batches(files, "acme", request_id) in (0, 1)  # a repetition finds nothing new


def test_another_tenants_id_reaches_no_line(files: TextStore) -> None:
    assert erase_in_batches(files, "labs", "b-1") == 0
    assert erase_in_batches(files, "acme", "b-2") == 0
    assert erase_in_batches(files, "acme", "no batch") == 0
    assert SECRET in everything(files)


def test_a_rehearsal_counts_and_leaves_everything(files: TextStore) -> None:
    before = everything(files)

    assert erase_in_batches(files, "acme", None, rehearsal=True) == 3
    assert everything(files) == before


@pytest.mark.parametrize(
    ("request_id", "named"),
    [("b-12", ("b", 12)), ("a-b-3", ("a-b", 3)), ("b", None), ("-1", None), ("b-x", None)],
)
def test_a_batch_and_its_line_are_read_from_an_id(request_id: str, named: Any) -> None:
    assert batch_and_line(request_id) == named


@pytest.mark.slow
def test_dead_letters_of_a_tenant_go_and_all_others_stay(aws: Any) -> None:
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName="dead")["QueueUrl"]
    bodies = [
        {"input": SECRET, "tenant": "acme", "request_id": "r-1"},
        {"input": OTHER, "tenant": "acme", "request_id": "r-2"},
        {"input": OTHER},
    ]
    for body in (*map(json.dumps, bodies), "no JSON"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    queue = DeadLetters(sqs, url)

    assert erase_letters(queue, "acme", "r-1", rehearsal=True) == 1
    assert erase_letters(queue, "acme", "r-1") == 1
    assert sorted(body for body, _ in queue.receive_all()) == sorted(
        [*map(json.dumps, bodies[1:]), "no JSON"]
    )
    assert erase_letters(queue, "acme", None) == 1
    assert erase_letters(queue, "default", None) == 1
