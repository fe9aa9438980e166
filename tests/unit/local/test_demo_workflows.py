"""What the demo of the workflows shows, and the inputs that it runs."""

from __future__ import annotations

import json

import pytest

from local import cloud, demo_corpus, demo_workflows
from local.cloud import ROOT, Cloud
from local.demo_answers import answer
from local.demo_corpus import TakenIn
from local.deployment import Deployment
from router.workflows.documents import changed
from router.workflows.rag import asked as question
from router.workflows.variants.asked import parse


def test_the_answer_names_the_best_the_scores_and_what_failed() -> None:
    text = answer(
        {
            "status": "JUDGED",
            "best": {"variant": 2, "output": "Hello!"},
            "ranking": [{"variant": 2, "score": 9.0, "cost_usd": "0.1"}],
            "failed": [{"variant": 1, "error": "BudgetExceeded"}],
            "tie": [2, 3],
        }
    )

    assert "best: variant 2: Hello!" in text
    assert "variant 1 failed: BudgetExceeded" in text
    assert "tie: 2, 3" in text


def test_an_answer_of_the_agent_is_shown_with_its_confidence() -> None:
    text = answer({"status": "ANSWERED", "output": "Nordpost.", "confidence": 0.86, "steps": []})

    assert text == "status ANSWERED\nconfidence 0.86\nNordpost."


def test_an_answer_from_documents_is_shown_with_its_sources_and_retrievers() -> None:
    text = answer(
        {
            "status": "ANSWERED",
            "answer": "With one command.",
            "citations": [{"id": "a-1", "source": "keys.md", "quote": "Rotate …"}],
            "retrievers": [
                {"retriever": "keywords", "chunks": 6},
                {"retriever": "vectors", "error": "RetrieverFailed", "cause": "no right"},
            ],
        }
    )

    assert "With one command." in text
    assert "[a-1] keys.md: Rotate" in text
    assert "keywords: 6 passages" in text
    assert "vectors: RetrieverFailed" in text


def test_a_document_is_shown_with_its_chunks() -> None:
    text = answer({"status": "INDEXED", "source": "keys.md", "chunks": 3, "changed": 1})

    assert text == "status INDEXED\nkeys.md: 3 chunks, 1 of them changed"


def test_the_examples_of_rag_and_documents_are_inputs_that_they_take() -> None:
    rag, document = (
        json.loads((ROOT / "docs" / "workflows" / f"{name}.example.json").read_text("utf-8"))
        for name in ("rag", "documents")
    )

    assert question.parse(rag, "x").text == "How do I rotate the OpenAI key?"
    assert changed.parse(document, "x", "documents/").source == "production.md"


def test_the_example_is_an_input_that_the_workflow_takes() -> None:
    text = (ROOT / "docs" / "workflows" / "variants.example.json").read_text(encoding="utf-8")

    made = parse(json.loads(text), "x")

    assert len(made.requests()) == 3


def test_without_a_cloud_it_says_how_to_start_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cloud, "running", lambda: None)

    assert demo_workflows.main() == 2
    assert "make up" in capsys.readouterr().err


def page(status: str, **output: object) -> TakenIn:
    ended = {"status": status, "output": json.dumps(output), "cause": "no reader"}
    return TakenIn("document-1", "a.md", ended, None)


def test_pages_that_are_not_in_are_named_with_their_reason() -> None:
    lines = list(
        demo_corpus.summary([page("SUCCEEDED", chunks=7, changed=2), page("FAILED")], seconds=3)
    )

    assert lines[0] == "1 of 2 pages are in, in 3 s: 7 chunks, 2 of them new or changed"
    assert lines[-1] == "  a.md: FAILED: no reader"


@pytest.mark.parametrize(
    ("pages", "good", "code"),
    [
        ("SUCCEEDED", ("documents", "rag"), 0),
        ("SUCCEEDED", ("documents",), 1),
        ("FAILED", ("documents", "rag"), 1),
    ],
)
def test_one_run_that_fails_is_an_exit_code_of_1(
    monkeypatch: pytest.MonkeyPatch, pages: str, good: tuple[str, ...], code: int
) -> None:
    machines = {name: {"state_machine_arn": f"arn:{name}"} for name in ("documents", "rag")}
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setattr(demo_workflows, "take_in", lambda _deployment: [page(pages)])
    monkeypatch.setattr(demo_workflows, "_run", lambda _d, name, _run, _arn: name in good)
    cloud_of_none = Cloud("", "", auth=False, pids=())

    assert demo_workflows.run_all(Deployment(cloud_of_none, {"workflows": machines})) == code
