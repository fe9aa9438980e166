"""The workflow ``documents`` under the second interpreter, on the router as its child."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from local.emulator.s3_vectors import Refused
from local.simulator.embeddings import MODEL
from tests.support.patience import wait_for
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.wire import INDEX
from tests.workflow.interpreter.world import (
    CORPUS,
    DIMENSIONS,
    FAILURES,
    World,
    machine,
    started_again,
    world,
)
from tests.workflow.settings import CONFIG
from tests.workflow.test_rag import rows_of
from tests.workflow.test_variants import report

KEY = "documents/keys.md"
TEXT = "# Keys\n\nRotate the key with one command.\n\n# Prices\n\nThey are low."


def ingesting(definition: Any) -> None:
    """As terraform/workflow_documents.tf does with a Knowledge Base alone."""
    states = definition["States"]
    del states["NotifyFinished"], states["NoticeFailed"]
    del states["AnyPages"], states["ReadPages"]
    states["IndexDocument"]["Next"] = "IngestSource"
    states["WaitForIngestion"]["Seconds"] = 0


def without_notice(definition: Any) -> None:
    """As terraform/workflow_documents.tf does without any setting."""
    ingesting(definition)
    states = definition["States"]
    states["IndexDocument"]["Next"] = "AnyAnalysis"
    del states["IngestSource"], states["IsIngested"], states["WaitForIngestion"]


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[World, str]]:
    with world(CONFIG) as aws:
        aws.wire.create_index(DIMENSIONS)
        aws.client("s3").put_bucket_versioning(
            Bucket=CORPUS, VersioningConfiguration={"Status": "Enabled"}
        )
        machine(aws, "faregate-ingesting", "documents", ingesting)
        yield aws, machine(aws, "faregate-documents", "documents", without_notice)


@pytest.fixture
def aws(made: tuple[World, str]) -> Iterator[World]:
    made[0].empty()
    made[0].wire.script.clear()
    made[0].wire.asks.clear()
    made[0].wire.refusals.clear()
    made[0].functions.faults = {}
    started_again()
    put(made[0], TEXT)
    yield made[0]
    made[0].client("s3").delete_object(Bucket=CORPUS, Key=KEY)
    ran(made[0], id="tidy", version="none")
    letters(made[0])


def put(aws: World, text: str | bytes, key: str = KEY) -> str:
    body = text.encode() if isinstance(text, str) else text
    return str(aws.client("s3").put_object(Bucket=CORPUS, Key=key, Body=body)["VersionId"])


def ran(aws: World, **given: Any) -> runs.Ran:
    arn = aws.machine_arn.replace(":faregate", ":faregate-documents")
    return runs.execute(aws, arn, {"id": "run-1", "key": KEY, "version": "1"} | given)


def chunks(aws: World) -> list[str]:
    found = aws.client("s3").list_objects_v2(Bucket=CORPUS, Prefix="chunks/").get("Contents", [])
    bodies = (
        aws.client("s3").get_object(Bucket=CORPUS, Key=each["Key"])["Body"].read() for each in found
    )
    return [text for body in bodies for text in json.loads(body)["texts"]]


def vectors(aws: World) -> int:
    query = {"queryVector": {"float32": [1.0] * DIMENSIONS}, "topK": 100}
    return len(aws.wire.vectors.answer("QueryVectors", {"indexArn": INDEX, **query})["vectors"])


def letters(aws: World) -> list[dict[str, Any]]:
    """Take what is in the failures queue."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=FAILURES)["QueueUrl"]
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for each in found:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
    return [json.loads(each["Body"]) for each in found]


def embedded(aws: World) -> int:
    return sum(each.model == MODEL for each in aws.wire.asks)


def event(name: str = "Object Created", version: str = "v1") -> dict[str, Any]:
    found = {"key": KEY, "version-id": version}
    return {"detail-type": name, "detail": {"bucket": {"name": CORPUS}, "object": found}}


def test_a_document_becomes_chunks_and_vectors_and_a_model_reads_it(aws: World) -> None:
    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    out = done.output
    assert (out["source"], out["status"], out["chunks"]) == ("keys.md", "INDEXED", 2)
    assert chunks(aws) == ["Keys\n\nRotate the key with one command.", "Prices\n\nThey are low."]
    assert vectors(aws) == 2
    assert out["analysis"]
    run = report(aws)
    assert run.own["attempts"] == 2  # one call for each chunk
    assert Decimal(out["total"]["cost_usd"]) == run.total["cost_usd"] > 0
    [row] = [r for item, r in rows_of(aws, "run-1").items() if item.startswith("WORKFLOW#")]
    assert json.loads(row["document"])["status"] == "INDEXED"
    assert row["transitions"] == 4


def test_a_new_version_replaces_the_chunks_and_embeds_only_what_changed(aws: World) -> None:
    ran(aws)
    aws.wire.asks.clear()
    put(aws, TEXT.replace("one command", "two commands"))

    out = ran(aws, id="run-2").output

    assert (out["chunks"], out["changed"]) == (2, 1)
    assert embedded(aws) == 1
    assert "two commands" in chunks(aws)[0]


def test_a_shorter_version_leaves_no_chunk_and_no_vector_behind(aws: World) -> None:
    ran(aws)
    put(aws, "# Keys\n\nRotate the key with one command.")

    assert ran(aws, id="run-2").output["changed"] == 0
    assert len(chunks(aws)) == vectors(aws) == 1


def test_a_deleted_document_takes_its_chunks_with_it_and_asks_no_model(aws: World) -> None:
    ran(aws)
    aws.wire.asks.clear()
    aws.client("s3").delete_object(Bucket=CORPUS, Key=KEY)

    done = ran(aws, id="run-2")
    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert done.output["status"] == "DELETED"
    assert chunks(aws) == []
    assert vectors(aws) == 0
    assert aws.wire.asks == []


def test_a_late_event_of_a_deletion_does_not_delete_what_came_back(aws: World) -> None:
    ran(aws)

    assert ran(aws, id="late", version="deletion").output["status"] == "UNCHANGED"
    assert len(chunks(aws)) == 2


def test_a_run_that_is_started_again_pays_nothing_twice(aws: World) -> None:
    first = ran(aws).output
    asked = len(aws.wire.asks)

    again = ran(aws).output

    assert len(aws.wire.asks) == asked
    assert again["analysis"] == first["analysis"]
    assert again["total"] == first["total"]


def test_the_same_event_twice_is_one_run(aws: World) -> None:
    handler = importlib.import_module("router.handlers.ingest_document").handler

    first, again = handler(event(), None), handler(event(), None)
    other = handler(event(version="v2"), None)

    assert first["id"] == again["id"] != other["id"]
    assert first["started"]
    machine_arn = aws.machine_arn.replace(":faregate", ":faregate-documents")
    client = aws.client("stepfunctions")

    def ended() -> list[dict[str, Any]]:
        found = client.list_executions(stateMachineArn=machine_arn)["executions"]
        mine = [each for each in found if each["name"] in (first["id"], other["id"])]
        return mine if all(each["status"] != "RUNNING" for each in mine) else []

    found = wait_for(ended, "the runs did not end", 60)
    assert sorted(each["status"] for each in found) == ["SUCCEEDED"] * 2


def test_a_document_without_text_goes_to_the_failures_with_its_reason(aws: World) -> None:
    ran(aws)
    put(aws, b"\xff\xfe\x00binary")

    done = ran(aws, id="run-2")

    assert (done.status, done.error) == ("FAILED", "UnreadableDocument")
    [letter] = letters(aws)
    assert letter["error"] == "UnreadableDocument"
    assert letter["cause"] == "it is not UTF-8 text"
    assert letter["input"]["key"] == KEY
    assert len(chunks(aws)) == 2  # the former ones serve on


def test_an_index_that_refuses_fails_the_run_and_what_was_embedded_is_on_the_bill(
    aws: World,
) -> None:
    aws.wire.refusals += [Refused("AccessDeniedException", "no right", 403)]

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "RetrieverFailed")
    assert "AccessDeniedException" in letters(aws)[0]["cause"]
    assert report(aws).own["attempts"] == 2
    assert chunks(aws) == []


def test_a_throttled_index_is_asked_again(aws: World) -> None:
    aws.wire.refusals += [Refused("TooManyRequestsException", "slow down", 429)] * 3

    assert ran(aws).output["status"] == "INDEXED"


def test_a_model_that_does_not_answer_fails_the_run_but_the_document_is_in(aws: World) -> None:
    aws.wire.script.add(
        [{"match": {"contains": "Say what it is about"}, "count": None, "status": 403}]
    )

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "NothingAnswered")
    assert letters(aws)[0]["error"] == "NothingAnswered"
    assert len(chunks(aws)) == 2


def test_a_function_that_dies_is_asked_again(aws: World) -> None:
    aws.functions.faults = {"ingest_document": ["Runtime.ExitError"]}

    assert ran(aws).output["status"] == "INDEXED"


@pytest.mark.parametrize("given", [{"key": "elsewhere/a.md"}, {"key": 1}, {"more": 1}])
def test_an_input_that_names_no_document_is_refused(aws: World, given: Mapping[str, Any]) -> None:
    assert ran(aws, **given).error == "InvalidRequest"


@pytest.fixture
def base(aws: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """With a Knowledge Base that the documents are ingested into."""
    ids = {"id": "KB12345678", "data_source_id": "DS12345678"}
    monkeypatch.setenv("KNOWLEDGE_BASE", json.dumps(ids))
    aws.wire.jobs.again()
    started_again()
    return aws


def ingested(aws: World, **given: Any) -> runs.Ran:
    arn = aws.machine_arn.replace(":faregate", ":faregate-ingesting")
    return runs.execute(aws, arn, {"id": "run-1", "key": KEY, "version": "1"} | given)


def test_a_run_starts_an_ingestion_job_and_waits_until_it_has_ended(base: World) -> None:
    done = ingested(base)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert done.output["ingestion"] == {"job": "JOB1", "documents_failed": 0}
    assert done.entered.count("IngestSource") == 3
    assert done.entered.count("WaitForIngestion") == 2
    [row] = [r for item, r in rows_of(base, "run-1").items() if item.startswith("WORKFLOW#")]
    assert row["transitions"] == len(done.entered)
    assert len(row["lambda_ms"]) == 2 + 3


def test_a_job_of_another_run_that_began_before_is_waited_for_and_the_next_is_ours(
    base: World,
) -> None:
    base.wire.jobs.answer("PUT", "", {"clientToken": "of another run"})

    done = ingested(base)

    assert done.output["ingestion"]["job"] == "JOB2"
    assert len(base.wire.jobs.started) == 2


def test_a_start_whose_answer_was_lost_is_no_second_job(base: World) -> None:
    lost: list[str] = []

    def dies_after_its_start(event: dict[str, Any], context: object) -> Any:
        handler = importlib.import_module("router.handlers.ingest_document").handler
        answer = handler(event, context)
        if event["step"] == "ingest" and not lost:
            lost.append(answer["ingestion"]["job"])
            raise StoreUnavailable("the answer is lost")
        return answer

    class StoreUnavailable(Exception):
        """A name that the state asks again for."""

    base.functions.own["ingest_document"] = dies_after_its_start
    try:
        done = ingested(base)
    finally:
        del base.functions.own["ingest_document"]

    assert lost == [done.output["ingestion"]["job"]]
    assert len(base.wire.jobs.started) == 1


def test_a_job_that_fails_puts_the_document_aside_with_its_reason(base: World) -> None:
    base.wire.jobs.again(ending="FAILED", reasons=("the bucket is not there",))

    done = ingested(base)

    assert (done.status, done.error) == ("FAILED", "IngestionFailed")
    assert "the bucket is not there" in letters(base)[0]["cause"]


def test_a_throttled_look_is_looked_again(base: World) -> None:
    base.wire.refusals += [Refused("ThrottlingException", "slow down", 429)] * 4

    assert ingested(base).status == "SUCCEEDED"
