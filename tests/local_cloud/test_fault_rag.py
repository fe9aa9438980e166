"""The workflows ``documents`` and ``rag`` on the deployed module: this project's own documents."""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from local import client
from local.cloud import ROOT
from local.deployment import Deployment
from tests.local_cloud.cloud_control import Emulator
from tests.local_cloud.fault_table import Tell
from tests.local_cloud.simulator import Simulator
from tests.local_cloud.test_fault_workflows import assert_sums, report
from tests.support.patience import wait_for
from tests.support.pdfs import pdf_of

WAIT = 120
QUESTION = "How do I rotate the OpenAI key?"
TITAN = "amazon.titan-embed-text-v2:0"


class Corpus:
    """The corpus bucket, and the runs that its documents start."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._s3 = deployment.client("s3")
        found = deployment.outputs["corpus"]
        self.bucket, self.folder = found["bucket"], found["folder"]

    def put(self, name: str, body: bytes) -> None:
        self._s3.put_object(Bucket=self.bucket, Key=f"{self.folder}{name}", Body=body)

    def delete(self, name: str) -> None:
        self._s3.delete_object(Bucket=self.bucket, Key=f"{self.folder}{name}")

    def sources(self) -> dict[str, int]:
        """How many chunks each source has."""
        listed = self._s3.list_objects_v2(Bucket=self.bucket, Prefix="chunks/")
        found = {}
        for each in listed.get("Contents", ()):
            # A run may take it away meanwhile.
            with suppress(self._s3.exceptions.NoSuchKey):
                body = self._s3.get_object(Bucket=self.bucket, Key=each["Key"])["Body"]
                document = json.load(body)
                found[document["source"]] = len(document["texts"])
        return found

    def runs(self, name: str) -> list[dict[str, Any]]:
        """The runs of a document, whatever became of them."""
        states = self._deployment.client("stepfunctions")
        machine = self._deployment.outputs["workflows"]["documents"]["state_machine_arn"]
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=machine)
        found = (
            states.describe_execution(executionArn=each["executionArn"])
            for page in pages
            for each in page["executions"]
        )
        return [each for each in found if json.loads(each["input"])["key"].endswith(f"/{name}")]


@pytest.fixture(scope="module")
def corpus(deployment: Deployment) -> Corpus:
    made = Corpus(deployment)
    names = {"production.md", "runbook.md", "security.md", "queue.md"}
    for name in names:
        made.put(name, (ROOT / "docs" / name).read_bytes())
    wait_for(lambda: names <= made.sources().keys(), "the documents are not in the corpus", WAIT)
    return made


def asked(deployment: Deployment, run: str, **given: Any) -> dict[str, Any]:
    arn: str = deployment.client("stepfunctions").start_execution(
        stateMachineArn=deployment.outputs["workflows"]["rag"]["state_machine_arn"],
        input=json.dumps({"id": run, "question": QUESTION, "tier": "SIMPLE"} | given),
    )["executionArn"]
    return client.wait_for_execution(deployment, arn, WAIT)


def named() -> str:
    return f"run-{uuid.uuid4().hex[:8]}"


def answer_step(deployment: Deployment, run: str) -> str:
    return str(report(deployment, "--workflow", run)["steps"][0]["request_id"])


def test_the_answer_cites_the_document_that_has_it_and_the_tree_is_its_rows(
    deployment: Deployment, emulator: Emulator, corpus: Corpus
) -> None:
    run = named()

    done = asked(deployment, run)

    assert done["status"] == "SUCCEEDED", done
    out = json.loads(done["output"])
    assert out["status"] == "ANSWERED"
    [cited] = out["citations"]
    assert cited["source"] == "runbook.md"
    assert "put the new one into the same SSM parameter" in out["answer"]
    assert all("error" not in each for each in out["retrievers"])
    client.wait_until_settled(deployment, [answer_step(deployment, run)], WAIT)
    assert_sums(deployment, emulator)
    tree = report(deployment, "--workflow", run)
    assert tree["workflow"] == "rag"
    assert Decimal(tree["own_cost_usd"]) > 0  # the question's embedding
    assert Decimal(tree["total"]["cost_usd"]) == Decimal(out["total"]["cost_usd"])


def test_what_the_documents_do_not_say_is_an_answer(deployment: Deployment, corpus: Corpus) -> None:
    out = json.loads(asked(deployment, named(), question="Who won the chess match?")["output"])

    assert out["status"] == "NOT_IN_DOCUMENTS"


def test_one_retriever_that_is_down_is_named_and_the_other_serves(
    deployment: Deployment, simulator: Simulator, corpus: Corpus, tell: Tell
) -> None:
    told = tell("rag-retriever-down", "the embedding model answers 403", "RetrieverFailed")
    simulator.script({"match": {"provider": "embeddings"}, "count": None, "status": 403})

    out = json.loads(asked(deployment, named())["output"])

    assert out["status"] == "ANSWERED"
    [error] = [each for each in out["retrievers"] if "error" in each]
    assert (error["retriever"], error["error"]) == ("vectors", "RetrieverFailed")
    assert "AccessDeniedException" in error["cause"]
    told.rows = "the question SUCCEEDED; no embedding, so no row of one"
    told.money = f"${out['total']['cost_usd']} for models"


def test_a_throttled_retriever_is_asked_again(
    deployment: Deployment, simulator: Simulator, corpus: Corpus, tell: Tell
) -> None:
    told = tell("rag-throttled", "the embedding model answers 429, four times", "ANSWERED")
    simulator.script({"match": {"provider": "embeddings"}, "count": 4, "status": 429})

    out = json.loads(asked(deployment, named())["output"])

    assert all("error" not in each for each in out["retrievers"])
    told.rows = "one embedding, the question"
    told.money = f"${out['total']['cost_usd']} for models"


def test_a_citation_of_what_was_not_shown_is_repaired_then_refused(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, corpus: Corpus, tell: Tell
) -> None:
    told = tell("rag-nonsense", "every reply cites what was not shown", "NothingAnswered")
    nonsense = json.dumps({"found": True, "answer": "Just so.", "citations": ["made-up"]})
    rule = {"match": {"contains": '"passages"'}, "text": nonsense}
    simulator.script(rule | {"count": 1})
    repaired = json.loads(asked(deployment, named())["output"])
    assert repaired["status"] == "ANSWERED"

    simulator.script(rule | {"count": None})
    done = asked(deployment, named())

    assert (done["status"], done["error"]) == ("FAILED", "NothingAnswered")
    assert "InvalidAnswer" in done["cause"]
    assert_sums(deployment, emulator)
    told.rows = "the question FAILED, with all its INVALID_ANSWER attempts"
    told.money = "every reply is in the tree"


def test_a_limit_without_room_refuses_the_question(
    deployment: Deployment, corpus: Corpus, tell: Tell
) -> None:
    told = tell("rag-budget", "room for less than the question", "NothingAnswered")

    done = asked(deployment, named(), max_cost_usd=0.0001, max_tokens=4_000)

    assert (done["status"], done["error"]) == ("FAILED", "NothingAnswered")
    assert "BudgetExceeded" in done["cause"]
    told.rows = "the run's own and its embedding; the question was refused"
    told.money = "the embedding"


def test_a_killed_worker_is_asked_again(
    deployment: Deployment, emulator: Emulator, corpus: Corpus
) -> None:
    emulator.kill("answer_question")

    assert asked(deployment, named())["status"] == "SUCCEEDED"
    assert emulator.deaths_to_come("answer_question") == 0


def test_a_new_version_replaces_the_chunks_and_a_deletion_takes_them_away(
    deployment: Deployment, corpus: Corpus
) -> None:
    name = f"{named()}.md"
    corpus.put(name, b"# One\n\nZanzibar is first.\n\n# Two\n\nZanzibar is second.")
    wait_for(lambda: corpus.sources().get(name) == 2, "it is not in the corpus", WAIT)
    corpus.put(name, b"# One\n\nZanzibar is the only one.")
    wait_for(lambda: corpus.sources().get(name) == 1, "it was not replaced", WAIT)
    out = json.loads(asked(deployment, named(), question="What is Zanzibar?")["output"])
    assert [each["source"] for each in out["citations"]] == [name]
    assert "the only one" in out["answer"]

    corpus.delete(name)

    wait_for(lambda: name not in corpus.sources(), "its chunks are still there", WAIT)
    out = json.loads(asked(deployment, named(), question="What is Zanzibar?")["output"])
    assert out["status"] == "NOT_IN_DOCUMENTS"


def test_the_same_event_twice_is_one_run(
    deployment: Deployment, simulator: Simulator, corpus: Corpus, tell: Tell
) -> None:
    told = tell("documents-twice", "S3's event comes twice", "one run")
    event = {
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": corpus.bucket},
            "object": {"key": f"{corpus.folder}queue.md", "version-id": named()},
        },
    }
    function = deployment.outputs["functions"]["ingest_document"]["name"]
    before = len(corpus.runs("queue.md"))

    for _ in range(2):
        deployment.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))

    assert len(corpus.runs("queue.md")) == before + 1
    told.rows = "one for the run's own states"
    told.money = "the states, once: nothing has changed, so nothing is embedded"


def test_a_document_that_cannot_be_read_is_put_aside_with_its_reason(
    deployment: Deployment, emulator: Emulator, corpus: Corpus, tell: Tell
) -> None:
    told = tell("documents-unreadable", "a file of an unknown kind", "UnreadableDocument")
    name = f"{named()}.bin"
    sqs, url = deployment.client("sqs"), deployment.outputs["failures_queue"]["url"]

    corpus.put(name, b"\x00")

    def letter() -> dict[str, Any] | None:
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        mine = [each for each in found if name in each["Body"]]
        for each in mine:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return json.loads(mine[0]["Body"]) if mine else None

    found = wait_for(letter, "nothing was put aside", WAIT) or {}
    assert found["error"] == "UnreadableDocument"
    assert ".bin" in found["cause"]
    assert found["input"]["key"].endswith(name)
    told.rows = "none: nothing was read"
    told.money = "two states"
    corpus.delete(name)


def test_an_ingestion_whose_index_is_down_fails_and_its_repeat_goes_on(
    deployment: Deployment, simulator: Simulator, corpus: Corpus, tell: Tell
) -> None:
    told = tell("documents-index-down", "the embedding model answers 403", "RetrieverFailed")
    name = f"{named()}.md"
    simulator.script({"match": {"provider": "embeddings"}, "count": None, "status": 403})
    corpus.put(name, b"# Quagga\n\nQuaggas are zebras.")
    ended = wait_for(
        lambda: [each for each in corpus.runs(name) if each["status"] == "FAILED"],
        "the run did not fail",
        WAIT,
    )
    assert name not in corpus.sources()
    simulator.clear_script()

    deployment.client("stepfunctions").start_execution(
        stateMachineArn=ended[0]["stateMachineArn"], input=ended[0]["input"]
    )

    wait_for(lambda: name in corpus.sources(), "its repeat did not go on", WAIT)
    told.rows = "the run's own, FAILED and SUCCEEDED"
    told.money = "one embedding"
    corpus.delete(name)


def test_scanned_pages_that_fail_are_put_aside_and_the_repeat_reads_those_alone(
    deployment: Deployment, emulator: Emulator, simulator: Simulator, corpus: Corpus, tell: Tell
) -> None:
    told = tell("pages-unread", "a model refuses five of six scanned pages", "PagesUnread")
    name = f"{named()}.pdf"
    first = {"match": {"contains": "Transcribe page 1, 2, 3, 4, 5."}, "count": None}
    last = {"match": {"contains": "Transcribe page 6."}, "count": None}
    simulator.script(
        first | {"status": 403}, last | {"text": json.dumps({"page_6": "Okapis are giraffes."})}
    )
    corpus.put(name, pdf_of(*range(6)))
    [failed] = wait_for(
        lambda: [each for each in corpus.runs(name) if each["status"] == "FAILED"],
        "the run did not fail",
        WAIT,
    )
    assert corpus.sources()[name] == 1
    run = json.loads(failed["input"])["id"]
    steps = [each["request_id"] for each in report(deployment, "--workflow", run)["steps"]]
    client.wait_until_settled(deployment, steps, WAIT)
    simulator.clear_script()

    again = deployment.client("stepfunctions").start_execution(
        stateMachineArn=failed["stateMachineArn"], input=failed["input"]
    )["executionArn"]
    done = client.wait_for_execution(deployment, again, WAIT)

    out = json.loads(done["output"])
    assert (out["pages"]["scanned"], out["pages"]["unread"]) == (6, [])
    client.wait_until_settled(deployment, steps, WAIT)
    tree = report(deployment, "--workflow", run)
    assert sorted(step["request_id"] for step in tree["steps"]) == sorted(steps)
    assert Decimal(tree["total"]["cost_usd"]) == Decimal(out["total"]["cost_usd"]) > 0
    assert_sums(deployment, emulator)
    told.rows = "a request for each five pages, the failed one with a second run; two of the run"
    told.money = "each page once"
    corpus.delete(name)
