"""RAG: what is asked for, how findings are merged, what the model is asked, what comes out."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from router.encoding import size_in_bytes
from router.errors import InvalidRequest
from router.workflows.corpus.chunks import Chunk
from router.workflows.rag.asked import Question, parse
from router.workflows.rag.fusion import Passage, capped, fused
from router.workflows.rag.outcome import (
    NothingRetrieved,
    check_retrieved,
    outcome,
    retrieved,
    shown,
    transitions,
)
from router.workflows.rag.question import Reply, read, request_of, step_of
from router.workflows.rag.retrieval import Found, as_json


def asked(**given: Any) -> Question:
    return parse({"question": "How?", "id": "run-1"} | given, "execution")


def chunk(name: str, text: str = "") -> Chunk:
    return Chunk(name, f"{name}.md", text or f"text of {name}")


def passage(name: str, text: str = "") -> Passage:
    return Passage(chunk(name, text), Decimal("0.016"), ("keywords",))


def found(retriever: str, *names: str) -> Found:
    return Found(retriever, tuple(map(chunk, names)))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "must have `question`"),
        ({"question": "  "}, "`question` is blank"),
        ({"question": "a\0b"}, "NUL"),
        ({"question": "x", "passages": 21}, "`passages`"),
        ({"question": "x", "other": 1}, "other"),
        ("text", "must be an object"),
    ],
)
def test_an_input_that_cannot_be_run_says_what_to_write(given: Any, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        parse(given, "execution")


def test_what_two_retrievers_rank_high_comes_before_what_one_ranks_first() -> None:
    merged = fused([found("keywords", "a", "b"), found("vectors", "c", "b")])

    assert [each.chunk.id for each in merged] == ["b", "a", "c"]
    assert merged[0].retrievers == ("keywords", "vectors")
    assert merged[0].score == Decimal("0.032258")  # 2 / 62


def test_the_same_content_counts_once_also_within_one_retriever() -> None:
    twice = Found("knowledge_base", (chunk("x", "same words"), chunk("y", "same\nwords")))

    [only] = fused([twice, Found("keywords", (chunk("z", "same  words"),))])

    assert only.chunk.id == "x"
    assert only.score == (Decimal(2) / 61).quantize(Decimal("0.000001"))


def test_passages_are_cut_off_by_tokens_but_the_best_one_stays() -> None:
    long, short = passage("a", "x" * 400), passage("b", "y" * 40)

    assert capped([long, short], 110) == [long, short]
    assert capped([long, short], 100) == [long]
    assert capped([long, short], 1) == [long]
    assert capped([], 100) == []


def test_findings_fit_a_state_however_long_they_are() -> None:
    many = [chunk(f"c{n}", "\u20ac" * 10_000) for n in range(20)]

    carried = [as_json("keywords", many, 4) for _ in range(4)]

    assert size_in_bytes(carried) < 200_000
    assert all(each["chunks"] for each in carried)
    assert Found.from_json(carried[0]).chunks == tuple(many[: len(carried[0]["chunks"])])


def test_a_retriever_that_failed_is_named_with_its_reason_and_the_others_serve() -> None:
    cause = json.dumps({"errorMessage": "s3vectors: ThrottlingException: slow down"})
    error = {"Error": "RetrieverUnavailable", "Cause": cause}
    failed = Found.from_json({"retriever": "vectors", "error": error})

    check_retrieved([failed, found("keywords", "a")])
    assert retrieved([failed, found("keywords", "a")]) == [
        {
            "retriever": "vectors",
            "error": "RetrieverUnavailable",
            "cause": "s3vectors: ThrottlingException: slow down",
        },
        {"retriever": "keywords", "chunks": 1},
    ]
    with pytest.raises(NothingRetrieved, match="slow down"):
        check_retrieved([failed])


def test_an_error_that_is_no_function_s_own_is_shown_as_it_came() -> None:
    error = {"Error": "States.Timeout", "Cause": "no answer"}

    assert Found.from_json({"retriever": "v", "error": error}).cause == "no answer"


def test_only_the_shown_passages_can_be_cited() -> None:
    request = request_of(asked(), [passage("a"), passage("b")])

    cited = request["response_schema"]["properties"]["citations"]["items"]["enum"]
    content = json.loads(request["messages"][0]["content"])
    assert cited == [each["id"] for each in content["passages"]] == ["a", "b"]
    assert request["parent_id"] == "run-1"
    assert request["request_id"] == f"run-1-{step_of(asked(), [passage('a'), passage('b')])}"


def test_other_passages_make_another_question_and_the_same_make_the_same() -> None:
    one = step_of(asked(), [passage("a")])

    assert step_of(asked(), [passage("a")]) == one
    assert step_of(asked(), [passage("a", "new text")]) != one
    assert step_of(asked(tier="COMPLEX"), [passage("a")]) != one


@pytest.mark.parametrize(
    "reply",
    [
        None,
        "no JSON",
        '{"found": true, "answer": "yes", "citations": ["z"]}',
        '{"found": true, "answer": "yes", "citations": "a"}',
        '{"found": "yes", "answer": "yes", "citations": ["a"]}',
        '{"found": true, "citations": ["a"]}',
    ],
)
def test_a_reply_of_another_shape_or_with_a_foreign_citation_is_none(reply: str | None) -> None:
    assert read(reply, {"a"}) is None


def result(reply: Reply | None, *names: str) -> dict[str, Any]:
    passages = shown([passage(name) for name in names])
    sums = [{"cost_usd": Decimal("0.001"), "overhead_usd": Decimal("0.002")}]
    return outcome(asked(), [{"retriever": "keywords", "chunks": 2}], passages, reply, sums)


def test_an_answer_names_its_sources_in_the_order_in_which_it_cites_them() -> None:
    reply = read('{"found": true, "answer": "Yes.", "citations": ["b", "a", "b"]}', {"a", "b"})

    out = result(reply, "a", "b")

    assert (out["status"], out["answer"]) == ("ANSWERED", "Yes.")
    assert [each["source"] for each in out["citations"]] == ["b.md", "a.md"]
    assert out["total"] == {"cost_usd": "0.001", "overhead_usd": "0.002", "total_usd": "0.003"}


def test_an_answer_that_cites_nothing_is_withheld() -> None:
    out = result(Reply(True, "Because I say so.", ()), "a")

    assert out["status"] == "UNCITED"
    assert "answer" not in out
    assert "Because" not in json.dumps(out)


def test_that_the_documents_do_not_say_is_an_answer_with_what_is_missing() -> None:
    out = result(Reply(False, "No passage names a price.", ()), "a")

    assert (out["status"], out["missing"]) == ("NOT_IN_DOCUMENTS", "No passage names a price.")
    assert result(None)["status"] == "NOT_IN_DOCUMENTS"


def test_a_quote_is_short() -> None:
    [only] = shown([passage("a", "word " * 200)])

    assert len(only["quote"]) <= 280
    assert only["quote"].endswith("…")


def test_states_are_counted_with_those_of_failures() -> None:
    ok, failed = {"retriever": "k", "chunks": 1}, {"retriever": "v", "error": "E", "cause": ""}

    assert transitions([ok], was_asked=False, failed=False) == 6
    assert transitions([ok, failed], was_asked=True, failed=True) == 10
