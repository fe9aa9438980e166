"""The workflow ``documents`` on PDFs with scanned pages, under the second interpreter."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import pytest

from router.workflows.documents.changed import run_id_of
from tests.support.pdfs import pdf_of
from tests.workflow.interpreter import runs
from tests.workflow.interpreter.world import CORPUS, World, machine, started_again, world
from tests.workflow.settings import CONFIG, HAIKU
from tests.workflow.test_documents import chunks, letters, put, without_notice
from tests.workflow.test_rag import rows_of
from tests.workflow.test_variants import report

KEY = "documents/scan.pdf"
PAGES = {number: f"What page {number} says." for number in range(1, 12)}


def reading(definition: Any) -> None:
    """As terraform/workflow_documents.tf does with scanned pages alone."""
    states = definition["States"]
    pages = {name: states[name] for name in ("AnyPages", "ReadPages")}
    without_notice(definition)
    states |= pages
    states["IndexDocument"]["Next"] = "AnyPages"


@pytest.fixture(scope="module")
def made() -> Iterator[World]:
    with world(CONFIG) as aws:
        aws.client("s3").put_bucket_versioning(
            Bucket=CORPUS, VersioningConfiguration={"Status": "Enabled"}
        )
        machine(aws, "faregate-off", "documents", without_notice)
        machine(aws, "faregate-documents", "documents", reading)
        yield aws


@pytest.fixture
def aws(made: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    made.empty()
    made.wire.script.clear()
    made.wire.asks.clear()
    made.functions.faults = {}
    monkeypatch.setenv("VECTORS", "null")
    monkeypatch.setenv("ANALYSIS", "")
    monkeypatch.setenv("SCANNED_PAGES", json.dumps({"tier": "SIMPLE", "most_pages": 11}))
    started_again()
    yield made
    made.wire.meanwhile = lambda _ask: None
    made.client("s3").delete_object(Bucket=CORPUS, Key=KEY)
    ran(made, "off", id="tidy")
    letters(made)


def replies(aws: World, *numbers: int, **changed: str) -> None:
    """Let a model read these pages, asked for together; ``page_1="…"`` changes what it reads."""
    texts = {f"page_{number}": PAGES[number] for number in numbers} | changed
    rule = {"match": asked_for(*numbers), "count": None, "text": json.dumps(texts)}
    aws.wire.script.add([rule])


def asked_for(*numbers: int) -> dict[str, str]:
    return {"contains": f"Transcribe page {', '.join(map(str, numbers))}."}


def ran(aws: World, machine_name: str = "documents", **given: Any) -> runs.Ran:
    arn = aws.machine_arn.replace(":faregate", f":faregate-{machine_name}")
    return runs.execute(aws, arn, {"id": "run-1", "key": KEY, "version": "1"} | given)


def own_run(version: str) -> str:
    return run_id_of(CORPUS, KEY, version)


def pages_sent(aws: World) -> list[int]:
    """How many pages each call showed a model."""
    return [len(ask.turns[-1].media) for ask in aws.wire.asks]


def own_row(aws: World, run: str) -> dict[str, Any]:
    [row] = [each for item, each in rows_of(aws, run).items() if item.startswith("WORKFLOW#")]
    return dict(row)


def test_scanned_pages_are_read_five_a_request_and_their_chunks_begin_with_the_page(
    aws: World,
) -> None:
    run = own_run(put(aws, pdf_of(*range(7)), KEY))
    replies(aws, 1, 2, 3, 4, 5, page_2="## Keys\n\nRotate them.")
    replies(aws, 6, 7)

    done = ran(aws, id=run)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert chunks(aws)[:2] == ["Page 1\n\nWhat page 1 says.", "Page 2 > Keys\n\nRotate them."]
    assert chunks(aws)[6] == "Page 7\n\nWhat page 7 says."
    assert sorted(pages_sent(aws)) == [2, 5]
    assert {ask.model for ask in aws.wire.asks} == {HAIKU}
    pages = {"scanned": 7, "unread": [], "empty": [], "illegible": [], "run": run}
    assert done.output["pages"] == pages
    tree = report(aws, run)
    names = sorted(step.name.rpartition("-")[0] for step in tree.steps)
    assert names == ["pages-1-5", "pages-6-7"]
    assert Decimal(done.output["total"]["cost_usd"]) == tree.total["cost_usd"] > 0
    row = own_row(aws, run)
    assert row["transitions"] == len(done.entered)
    assert json.loads(row["document"])["pages"] == pages


def test_of_a_mixed_pdf_only_pages_without_text_are_shown_to_a_model(aws: World) -> None:
    put(aws, pdf_of("The text layer of the first page", 3, None, 4), KEY)
    replies(aws, 2, 4)

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert chunks(aws) == [
        "Page 1\n\nThe text layer of the first page",
        "Page 2\n\nWhat page 2 says.",
        "Page 4\n\nWhat page 4 says.",
    ]
    assert pages_sent(aws) == [2]


def test_a_version_is_read_once_whichever_runs_come_across_it(aws: World) -> None:
    version = put(aws, pdf_of(1, 2), KEY)
    replies(aws, 1, 2)
    first = ran(aws, id=own_run(version)).output
    asked = len(aws.wire.asks)

    again, late = ran(aws, id=own_run(version)), ran(aws, id="late", version="0")

    assert len(aws.wire.asks) == asked == 1
    assert [again.output["status"], late.output["status"]] == ["UNCHANGED"] * 2
    assert again.output["total"] == first["total"]
    assert late.output["pages"]["run"] == own_run(version)
    assert late.output["total"]["cost_usd"] == "0"
    aws.empty()  # the rows have expired
    assert ran(aws, id=own_run(version)).output["status"] == "UNCHANGED"
    assert len(aws.wire.asks) == 1


def test_a_run_that_dies_before_it_indexed_has_its_pages_answered_from_their_rows(
    aws: World,
) -> None:
    put(aws, pdf_of(1, 2), KEY)
    replies(aws, 1, 2)
    aws.wire.meanwhile = lambda _ask: aws.functions.faults.update(
        ingest_document=["Runtime.ExitError"] * 5
    )
    assert ran(aws).status == "FAILED"
    aws.wire.meanwhile = lambda _ask: None

    assert ran(aws, id="by-hand").output["status"] == "INDEXED"
    assert len(aws.wire.asks) == 1


def test_pages_that_fail_fail_the_run_the_others_are_in_and_the_repeat_asks_for_those_alone(
    aws: World,
) -> None:
    run = own_run(put(aws, pdf_of(*range(7)), KEY))
    aws.wire.script.add([{"match": asked_for(1, 2, 3, 4, 5), "count": None, "status": 403}])
    replies(aws, 6, 7)

    done = ran(aws, id=run)

    assert (done.status, done.error) == ("FAILED", "PagesUnread")
    [letter] = letters(aws)
    assert letter["cause"].startswith("5 of 7 scanned pages are not read (1, 2, 3, 4, 5): ")
    assert chunks(aws) == [f"Page {number}\n\n{PAGES[number]}" for number in (6, 7)]
    row = own_row(aws, run)
    assert (row["status"], row["cause"]) == ("FAILED", "PagesUnread")
    assert json.loads(row["document"])["pages"]["unread"] == [1, 2, 3, 4, 5]
    runs.deliver_all(aws)  # a failed request is asked again once it is in the sums
    aws.wire.script.clear()
    aws.wire.asks.clear()
    replies(aws, 1, 2, 3, 4, 5)

    again = ran(aws, **letter["input"])

    assert again.status == "SUCCEEDED", (again.error, again.cause)
    assert len(chunks(aws)) == 7
    assert pages_sent(aws) == [5]
    assert report(aws, run).total["cost_usd"] == Decimal(again.output["total"]["cost_usd"])


def test_a_budget_that_ends_in_the_middle_leaves_pages_that_a_higher_one_reads(
    aws: World,
) -> None:
    run = own_run(put(aws, pdf_of(*range(11)), KEY))
    # Each costs a third of the limit, and may cost nearly all of it.
    usage = {"inputTokens": 1_000, "outputTokens": 150_000, "totalTokens": 151_000}
    for numbers in ((1, 2, 3, 4, 5), (6, 7, 8, 9, 10), (11,)):
        texts = {f"page_{number}": PAGES[number] for number in numbers}
        rule = {"match": asked_for(*numbers), "count": None, "usage": usage}
        aws.wire.script.add([rule | {"text": json.dumps(texts)}])

    done = ran(aws, id=run, max_cost_usd=1)

    assert (done.status, done.error) == ("FAILED", "PagesUnread")
    assert "BudgetExceeded" in str(done.cause), done.cause
    assert 0 < len(aws.wire.asks) < 3
    assert report(aws, run).total["cost_usd"] <= 1
    assert chunks(aws)
    again = ran(aws, id=run, max_cost_usd=5)
    assert again.status == "SUCCEEDED", (again.error, again.cause)
    assert again.output["pages"]["unread"] == []
    assert len(aws.wire.asks) == 3
    assert len(chunks(aws)) == 11


def test_what_a_model_cannot_read_is_named(aws: World) -> None:
    put(aws, pdf_of(1, 2, 3), KEY)
    replies(aws, 1, 2, 3, page_1="", page_3="Paid: [unreadable] dollars.")

    pages = ran(aws).output["pages"]

    assert (pages["empty"], pages["illegible"], pages["unread"]) == ([1], [3], [])
    assert chunks(aws)[1] == "Page 3\n\nPaid: [unreadable] dollars."


def test_a_scan_without_any_text_is_unreadable_and_the_former_chunks_stay(aws: World) -> None:
    put(aws, pdf_of("The text layer of an earlier version"), KEY)
    ran(aws)
    put(aws, pdf_of(1), KEY)
    replies(aws, 1, page_1="")

    done = ran(aws, id="run-2")

    assert (done.status, done.error) == ("FAILED", "UnreadableDocument")
    assert letters(aws)[0]["cause"] == "a model found no text on its scanned pages, 1 in all"
    assert chunks(aws) == ["The text layer of an earlier version"]


def test_more_pages_than_the_setting_allows_are_not_paid_for(aws: World) -> None:
    put(aws, pdf_of("The text layer of the first page", *range(12)), KEY)

    done = ran(aws)

    assert (done.status, done.error) == ("FAILED", "PagesUnread")
    assert "scanned_pages.most_pages is 11" in letters(aws)[0]["cause"]
    assert aws.wire.asks == []
    assert chunks(aws) == ["Page 1\n\nThe text layer of the first page"]


def test_a_version_that_comes_while_another_is_read_is_read_and_indexed(aws: World) -> None:
    put(aws, pdf_of(1), KEY)
    newer: list[str] = []

    def replaced(_ask: Any) -> None:
        if not newer:
            newer.append(put(aws, pdf_of(2, 3), KEY))

    aws.wire.meanwhile = replaced
    replies(aws, 1)
    replies(aws, 1, 2)

    done = ran(aws)

    assert done.status == "SUCCEEDED", (done.error, done.cause)
    assert len(chunks(aws)) == 2
    assert done.output["pages"]["run"] == own_run(newer[0])
    assert own_row(aws, "run-1")["transitions"] == len(done.entered)


def test_without_the_setting_the_error_names_it_and_a_mixed_pdf_says_what_is_missing(
    aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SCANNED_PAGES")
    started_again()
    put(aws, pdf_of(1, 2), KEY)

    done = ran(aws, "off")

    assert (done.status, done.error) == ("FAILED", "UnreadableDocument")
    assert "set workflows.documents.scanned_pages" in letters(aws)[0]["cause"]
    put(aws, pdf_of("The text layer of the first page", 2), KEY)
    mixed = ran(aws, "off", id="run-2").output
    assert mixed["pages"] == {"scanned": 1, "unread": [2]}
    assert chunks(aws) == ["The text layer of the first page"]
    assert aws.wire.asks == []


def test_a_setting_that_comes_later_reads_what_was_missing(
    aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = json.loads('{"tier": "SIMPLE", "most_pages": 5}')
    monkeypatch.delenv("SCANNED_PAGES")
    started_again()
    put(aws, pdf_of("The text layer of the first page", 2), KEY)
    ran(aws, "off")
    monkeypatch.setenv("SCANNED_PAGES", json.dumps(given))
    started_again()
    replies(aws, 2)

    assert ran(aws, id="run-2").output["status"] == "INDEXED"
    assert len(chunks(aws)) == 2


def test_an_analysis_is_asked_of_a_whole_document_alone(
    aws: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYSIS", "Say what it is about.")
    started_again()
    put(aws, pdf_of(*range(6)), KEY)
    replies(aws, 1, 2, 3, 4, 5)
    aws.wire.script.add([{"match": asked_for(6), "count": None, "status": 403}])

    assert ran(aws).error == "PagesUnread"
    assert not analyses(aws)
    runs.deliver_all(aws)
    aws.wire.script.clear()
    replies(aws, 6)
    replies(aws, 1, 2, 3, 4, 5)

    assert ran(aws).output["analysis"]
    assert ran(aws).output["analysis"]
    assert len(analyses(aws)) == 1
    assert "Page 6" in analyses(aws)[0]


def analyses(aws: World) -> Sequence[str]:
    return [ask.prompt for ask in aws.wire.asks if "Say what it is about." in ask.prompt]


@pytest.mark.parametrize("limit", [0, "1", True])
def test_a_limit_that_is_no_amount_is_refused(aws: World, limit: Any) -> None:
    assert ran(aws, max_cost_usd=limit).error == "InvalidRequest"
