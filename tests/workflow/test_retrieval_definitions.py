"""The definitions of rag and documents against the schema of the language, the code, the module."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from router.workflows.documents import outcome as of_documents
from router.workflows.documents.content import UnreadableDocument
from router.workflows.documents.ingestion import IngestionFailed
from router.workflows.documents.reading import PagesUnderWay, PagesUnread
from router.workflows.documents.reading_progress import Progress
from router.workflows.rag import outcome as of_rag
from router.workflows.rag.retrieval import RetrieverFailed, RetrieverUnavailable
from router.workflows.run import NothingAnswered
from tests.workflow.test_definition import ASL, AWS_ERRORS, OUR_ERRORS, expressions, filled, lint

NAMES = ("rag", "documents")
TERRAFORM = ASL.parent / "terraform"
TEXTS = {name: (ASL / f"{name}.asl.json").read_text(encoding="utf-8") for name in NAMES}
DEFINITIONS: dict[str, Any] = {name: json.loads(text) for name, text in TEXTS.items()}
FAILED = {"status": "FAILED", "error": "X", "cause": "y"}
# A state that is entered only if something fails, or a setting asks for it.
CHILDREN = [("rag", "AskForAnswer"), ("documents", "AskForAnalysis"), ("documents", "AskForPages")]
OURS = OUR_ERRORS | {
    each.__name__
    for each in (
        NothingAnswered,
        of_rag.NothingRetrieved,
        RetrieverFailed,
        RetrieverUnavailable,
        IngestionFailed,
        PagesUnderWay,
        PagesUnread,
        UnreadableDocument,
    )
}


def states(name: str) -> dict[str, dict[str, Any]]:
    own: dict[str, dict[str, Any]] = DEFINITIONS[name]["States"]
    inner = (state["ItemProcessor"]["States"] for state in own.values() if "ItemProcessor" in state)
    return own | {key: state for found in inner for key, state in found.items()}


ALL = [(name, state) for name in NAMES for state in states(name)]
LAMBDAS = [
    (name, state)
    for name, state in ALL
    if states(name)[state].get("Resource", "").endswith("lambda:invoke")
]


@pytest.mark.parametrize("name", NAMES)
def test_the_published_schema_of_the_language_accepts_it(name: str) -> None:
    text = TEXTS[name]
    for hole in ("router_arn", "topic_arn"):
        text = text.replace(f"${{{hole}}}", "arn:aws:states:::x")
    text = text.replace("${failures_queue_url}", "https://sqs.us-east-1.amazonaws.com/1/f")

    assert lint(json.loads(filled(text))) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_holes_of_the_template_are_what_terraform_fills(name: str) -> None:
    module = (TERRAFORM / f"workflow_{name}.tf").read_text(encoding="utf-8")
    [given] = re.findall(rf"/{name}\.asl\.json\", \{{(.*?)\}}\)", module, re.DOTALL)

    assert set(re.findall(r"\$\{(\w+)\}", TEXTS[name])) == set(
        re.findall(r"^ *(\w+) +=", given, re.M)
    )


@pytest.mark.parametrize(("name", "state"), ALL)
def test_every_state_says_what_it_is_for_and_has_a_row_in_the_readme(name: str, state: str) -> None:
    readme = (ASL / "README.md").read_text(encoding="utf-8")

    assert states(name)[state]["Comment"].endswith(".")
    assert (
        f"`{state}`" in readme.partition(f"# {name.upper() if name == 'rag' else 'Documents'}")[2]
    )


@pytest.mark.parametrize(
    "expression", sorted({each for name in NAMES for each in expressions(DEFINITIONS[name])})
)
def test_an_expression_passes_on_what_it_is_given(expression: str) -> None:
    inner = expression.removeprefix("{%").removesuffix("%}").strip()

    assert re.fullmatch(
        r"\$(states\.(input|result|errorOutput|context)[.\w]*|\w+(\.\w+)*)( & '')?"
        r"|\$parse\(\$states\.errorOutput\.Cause\)\.errorMessage",
        inner,
    )


@pytest.mark.parametrize(("name", "state"), LAMBDAS)
def test_a_function_that_dies_is_asked_again(name: str, state: str) -> None:
    found = states(name)[state]
    retried = {error for retry in found["Retry"] for error in retry["ErrorEquals"]}

    assert "States.ALL" in retried or {"Runtime.ExitError", "StoreUnavailable"} <= retried


@pytest.mark.parametrize(
    ("name", "state", "function"),
    [
        ("rag", "RetrievePassages", "answer_question"),
        ("documents", "IndexDocument", "ingest_document"),
    ],
)
def test_a_function_ends_before_the_state_that_waits_for_it(
    name: str, state: str, function: str
) -> None:
    module = (TERRAFORM / f"function_{function}.tf").read_text(encoding="utf-8")
    [limit] = re.findall(r"^ *timeout += (\d+)", module, re.M)

    assert int(limit) < states(name)[state]["TimeoutSeconds"]
    retried = [error for retry in states(name)[state]["Retry"] for error in retry["ErrorEquals"]]
    assert "RetrieverUnavailable" in retried
    assert "RetrieverFailed" not in retried


@pytest.mark.parametrize(("name", "state"), CHILDREN)
def test_only_a_child_that_did_not_start_is_started_again(name: str, state: str) -> None:
    child = states(name)[state]
    retried = [error for retry in child["Retry"] for error in retry["ErrorEquals"]]
    caught = [error for catch in child["Catch"] for error in catch["ErrorEquals"]]

    assert all(error.startswith("StepFunctions.") for error in retried)
    # States.ALL does not catch a result that is too large.
    assert caught == ["States.DataLimitExceeded", "States.ALL"]


@pytest.mark.parametrize("name", NAMES)
def test_every_error_name_is_ours_or_one_that_aws_documents(name: str) -> None:
    found = states(name).values()
    handlers = [h for s in found for h in [*s.get("Retry", []), *s.get("Catch", [])]]
    names = {error for handler in handlers for error in handler["ErrorEquals"]}
    known = AWS_ERRORS.pattern + r"|StepFunctions\.\w+Exception|States\.DataLimitExceeded"

    assert [error for error in names - OURS if not re.fullmatch(known, error)] == []


def test_the_code_counts_the_states_that_a_run_enters() -> None:
    rag, documents = (set(DEFINITIONS[name]["States"]) for name in NAMES)
    at_times = {"AskForAnswer", "ReadAnswerFailure", "RunFailed"}
    assert of_rag.transitions([], was_asked=False, failed=False) == len(rag - at_times)

    at_times = {"AskForAnalysis", "ReadAnalysisFailure", "NotifyFinished", "NoticeFailed"}
    at_times |= {"PutAside", "DocumentFailed"}
    looks = {"IngestSource", "IsIngested", "WaitForIngestion"}
    pages = {"AnyPages", "ReadPages"}
    at_times |= looks | pages
    counted = of_documents.transitions(asked=False, failed=False, notifies=False)
    assert counted == len(documents - at_times)
    twice = of_documents.transitions(asked=False, failed=False, notifies=False, looks=2)
    assert twice - counted == 2 * len(looks) - 1
    # A round is the two states of the pages and one more look; then each request, and each failure.
    one = Progress().asking(["a", "b"]).after([{"status": "SUCCEEDED"}, FAILED])
    assert one.transitions == len(pages) + 1 + 2 + 1


def test_every_failure_of_a_document_is_put_aside_before_the_run_fails() -> None:
    found = states("documents")
    # What fails in the Map is reported by it.
    own = [state for state in DEFINITIONS["documents"]["States"].values() if "Catch" in state]
    catches = [
        catch
        for state in own
        if state.get("Resource", "").endswith("lambda:invoke") or state["Type"] == "Map"
        for catch in state["Catch"]
    ]

    assert {catch["Next"] for catch in catches} == {"PutAside"}
    assert found["PutAside"]["Next"] == "DocumentFailed"
