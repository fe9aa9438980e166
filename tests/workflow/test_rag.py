"""The workflow ``rag`` under the second interpreter, on the router as its child."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from local.emulator.s3_vectors import Refused
from local.simulator.embeddings import MODEL
from local.simulator.hashed_words import hashed
from tests.support.tables import USAGE
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.wire import INDEX
from tests.workflow.interpreter.world import (
    CORPUS,
    DIMENSIONS,
    World,
    machine,
    started_again,
    world,
)
from tests.workflow.settings import CONFIG, HAIKU
from tests.workflow.test_variants import report

DOCUMENTS = {
    "keys.md": ("Rotate the OpenAI key with one command: put it into SSM again.",),
    "budgets.md": ("A budget ends requests.", "A budget of a tenant is set in Terraform."),
}
QUESTION = "How do I rotate the OpenAI key?"
THROTTLED = Refused("TooManyRequestsException", "slow down", 429)


@pytest.fixture(scope="module")
def made() -> Iterator[tuple[World, str]]:
    with world(CONFIG) as aws:
        aws.wire.create_index(DIMENSIONS)
        for source, texts in DOCUMENTS.items():
            index(aws, source, *texts)
        yield aws, machine(aws, "faregate-rag", "rag")


@pytest.fixture
def aws(made: tuple[World, str]) -> World:
    made[0].empty()
    made[0].wire.script.clear()
    made[0].wire.asks.clear()
    made[0].wire.refusals.clear()
    made[0].functions.faults = {}
    started_again()
    return made[0]


def index(aws: World, source: str, *texts: str) -> None:
    from router.workflows.corpus.chunks import Document, object_key

    document = Document(source, "1", texts)
    aws.client("s3").put_object(Bucket=CORPUS, Key=object_key(source), Body=document.to_bytes())
    vectors = [
        {"key": chunk.id, "data": {"float32": hashed(chunk.text, DIMENSIONS)}}
        for chunk in document.chunks
    ]
    aws.wire.vectors.answer("PutVectors", {"indexArn": INDEX, "vectors": vectors})


def ran(aws: World, **given: Any) -> runs.Ran:
    arn = aws.machine_arn.replace(":faregate", ":faregate-rag")
    return runs.execute(aws, arn, {"id": "run-1", "question": QUESTION, "tier": "SIMPLE"} | given)


def rows_of(aws: World, key: str) -> Mapping[str, Any]:
    return runs.by_item(runs._items(aws, key))


def attempts(aws: World) -> list[Mapping[str, Any]]:
    items = aws.client("dynamodb").scan(TableName=USAGE)["Items"]
    rows = [next(iter(runs.by_item([item]).values())) for item in items]
    return [row for row in rows if row["item"].startswith("ATTEMPT#")]


def test_the_answer_cites_the_document_that_has_it(aws: World) -> None:
    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    out = done.output
    assert (out["status"], out["answer"]) == ("ANSWERED", DOCUMENTS["keys.md"][0])
    assert [each["source"] for each in out["citations"]] == ["keys.md"]
    assert out["passages"][0]["retrievers"] == ["keywords", "vectors"]
    assert [each["retriever"] for each in out["retrievers"]] == ["keywords", "vectors"]


def test_the_tree_has_the_question_its_embedding_and_the_run_s_own_states(aws: World) -> None:
    out = ran(aws).output
    run = report(aws)

    [step] = run.steps
    assert step.model == HAIKU
    assert run.workflow == "rag"
    assert run.own["workflow_runs"] == run.own["attempts"] == 1
    total = step.sums["cost_usd"] + run.own["cost_usd"]
    assert run.own["cost_usd"] > 0
    assert Decimal(out["total"]["cost_usd"]) == total == run.total["cost_usd"]
    [row] = [r for item, r in rows_of(aws, "run-1").items() if item.startswith("WORKFLOW#")]
    assert row["transitions"] == 5 + 2 + 1
    assert len(row["lambda_ms"]) == 5


def test_a_repeat_asks_no_model_for_the_answer_again(aws: World) -> None:
    first = ran(aws).output
    answered = len([each for each in aws.wire.asks if each.model != MODEL])

    again = ran(aws).output

    assert len([each for each in aws.wire.asks if each.model != MODEL]) == answered
    assert again["answer"] == first["answer"]
    # The question was embedded again: that is on the bill, so it is in the tree.
    assert report(aws).own["attempts"] == 2


def test_a_throttled_retriever_is_asked_again(aws: World) -> None:
    aws.wire.refusals += [THROTTLED] * 3  # as often as the SDK asks by itself

    out = ran(aws).output

    assert all("error" not in each for each in out["retrievers"])


def test_one_retriever_that_is_down_is_named_and_the_other_serves(aws: World) -> None:
    aws.wire.refusals += [Refused("AccessDeniedException", "no right", 403)]

    out = ran(aws).output

    assert out["status"] == "ANSWERED"
    keywords, vectors = out["retrievers"]
    assert keywords == {"retriever": "keywords", "chunks": 1}
    assert vectors["error"] == "RetrieverFailed"
    assert "AccessDeniedException" in vectors["cause"]
    # It was embedded before the index refused, and that was paid.
    assert [row["model"] for row in attempts(aws) if row["purpose"] == "embed"] == [MODEL]


def test_without_any_retriever_the_run_fails_with_the_reason_and_its_cost(aws: World) -> None:
    aws.wire.refusals += [Refused("AccessDeniedException", "no right", 403)]
    vectors_alone = {"vectors": {"index_arn": INDEX, "dimensions": DIMENSIONS}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETRIEVERS", json.dumps(vectors_alone))
        started_again()
        done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "NothingRetrieved")
    assert "AccessDeniedException" in str(done.cause)
    own = rows_of(aws, "run-1")
    assert [row["status"] for item, row in own.items() if item.startswith("WORKFLOW#")] == [
        "FAILED"
    ]
    assert report(aws).own["cost_usd"] > 0


def test_a_question_that_no_document_answers_is_said_so(aws: World) -> None:
    out = ran(aws, question="Which budget did the Roman senate vote in 44 BC?").output

    assert out["status"] == "NOT_IN_DOCUMENTS"
    assert out["missing"]
    assert "answer" not in out


def test_a_citation_of_what_was_not_shown_is_repaired(aws: World) -> None:
    nonsense = json.dumps({"found": True, "answer": "Just so.", "citations": ["made-up"]})
    aws.wire.script.add([{"match": {"contains": '"passages"'}, "count": 1, "text": nonsense}])

    out = ran(aws).output

    assert out["status"] == "ANSWERED"
    assert [each["source"] for each in out["citations"]] == ["keys.md"]
    assert [row["outcome"] for row in attempts(aws) if row["purpose"] != "embed"].count(
        "INVALID_ANSWER"
    ) == 1


def test_nonsense_again_and_again_fails_the_run_and_is_paid_for(aws: World) -> None:
    nonsense = json.dumps({"found": True, "answer": "Just so.", "citations": ["made-up"]})
    aws.wire.script.add([{"match": {"contains": '"passages"'}, "count": None, "text": nonsense}])

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "NothingAnswered")
    assert "InvalidAnswer" in str(done.cause)
    assert report(aws).total["cost_usd"] > 0


def test_a_budget_without_room_for_the_question_fails_the_run_with_what_was_spent(
    aws: World,
) -> None:
    done = ran(aws, max_cost_usd=0.0001, max_tokens=4_000)

    assert (done.status, done.error) == ("FAILED", "NothingAnswered")
    assert "BudgetExceeded" in str(done.cause)


def test_an_input_that_cannot_be_run_asks_nobody(aws: World) -> None:
    done = ran(aws, question=" ")

    assert (done.status, done.error) == ("FAILED", "InvalidRequest")
    assert aws.wire.asks == []


def test_a_function_that_dies_while_it_retrieves_is_asked_again(aws: World) -> None:
    aws.functions.faults = {"answer_question": ["Runtime.ExitError"]}

    assert ran(aws).output["status"] == "ANSWERED"


def test_replaced_chunks_are_found_and_old_ones_are_not(aws: World) -> None:
    index(aws, "keys.md", "Rotate the OpenAI key by calling the desk.")
    try:
        assert ran(aws).output["answer"] == "Rotate the OpenAI key by calling the desk."
    finally:
        index(aws, "keys.md", *DOCUMENTS["keys.md"])


def test_where_nothing_is_found_no_model_is_asked(aws: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETRIEVERS", json.dumps({"keywords": {}}))
        started_again()
        done = ran(aws, question="Zucchini?")

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert (done.output["status"], done.output["passages"]) == ("NOT_IN_DOCUMENTS", [])
    assert aws.wire.asks == []
    run = report(aws)
    assert run.steps == ()
    assert run.own["workflow_runs"] == 1
