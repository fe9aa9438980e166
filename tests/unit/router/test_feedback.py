"""A verdict stands on the row and in the sums, once, and teaches what it can teach."""

import json
from datetime import UTC, datetime

import pytest

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.reconciliation import reconcile
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from router.__main__ import main
from router.aws.feedback_store import FeedbackStore
from router.cli.calibrate_rows import read
from router.errors import StoreUnavailable
from router.feedback import FeedbackRefused, judge, judged, label
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, SONNET, record, request
from tests.support.factories import AT
from tests.support.tables import CONTROL, SPEND, USAGE

TABLES = ["--usage-table", USAGE, "--spend-table", SPEND]
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


def content(request_id="r-1", *said):
    messages = [{"role": "user", "content": text} for text in said or ["What is 2 + 2?"]]
    return {"request_id": request_id, "item": "CONTENT", "tenant": "default",
            "input": json.dumps({"messages": messages, "system": None})}  # fmt: skip


def unavailable(*_):
    raise StoreUnavailable("ThrottlingException")


@pytest.fixture
def store(dynamodb):
    return LedgerStore(dynamodb, USAGE, SPEND, CONTROL, sleep=lambda _seconds: None)


def put(dynamodb, store, *rows, priced=True):
    for row in rows:
        dynamodb.put_item(TableName=USAGE, Item=to_item(row))
    if priced:
        requests = [row for row in rows if row["item"] == "REQUEST"]
        price_records([record(r, n) for n, r in enumerate(requests)], store, RATES, PRICED_AT)


def asked(request_id="r-1", **changes):
    return request(request_id, day_shard=f"{TODAY}#0", baseline_model=SONNET, **changes)


def total(store):
    found = reconcile(store.all_rows(), store.all_cells())
    assert not found.differences
    return {name: value for name, value in found.total.items() if name.startswith("feedback")}


def say(*words):
    return main(["feedback", *words, *TABLES])


def test_the_last_verdict_stands_and_the_sums_follow(dynamodb, store):
    put(dynamodb, store, asked())

    assert say("r-1", "bad") == 0
    assert total(store) == {"feedback_bad": 1}
    assert say("r-1", "good", "--by", "ann") == say("r-1", "good") == 0
    assert total(store) == {"feedback_good": 1}
    row = dynamodb.get_item(TableName=USAGE, Key=to_item({"request_id": "r-1", "item": "REQUEST"}))
    assert row["Item"]["feedback"]["S"] == "good"
    assert {"feedback_at", "feedback_by", "cost_status"} <= set(row["Item"])


def test_verdicts_at_the_same_time_count_once(dynamodb, store):
    put(dynamodb, store, asked())
    row = next(row for row in store.all_rows())
    both = [judged(row, verdict, "ann", AT) for verdict in ("good", "bad")]

    first, second = (store.commit([change]) for change in both)

    assert first.written
    assert second.duplicates  # it is read again, and judged again
    assert total(store) == {"feedback_good": 1}


def test_pricing_keeps_a_verdict_that_came_before(store):
    row = settle({**asked(), "feedback": "good"}, RATES, PRICED_AT)

    assert row["feedback"] == "good"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (None, "no such request"),
        (asked(status="FAILED"), "no answer to judge: its status is FAILED"),
        (asked(status="ACCEPTED"), "status is ACCEPTED"),
        (asked(), "not settled yet"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_the_reason(row, why):
    with pytest.raises(FeedbackRefused, match=why):
        judged(row, "good", "ann", AT)


def test_a_note_is_kept_with_the_texts_alone(dynamodb, store, capsys):
    put(dynamodb, store, asked(), content(), asked("r-2"))

    assert say("r-1", "bad", "--note", "wrong city") == 0
    assert say("r-2", "bad", "--note", "wrong city") == 1
    assert "no note can be kept" in capsys.readouterr().err
    rows = {(r["request_id"], r["item"]): r for r in store.all_rows()}
    assert rows["r-1", "CONTENT"]["feedback_note"] == "wrong city"
    assert "wrong city" not in str(rows["r-1", "REQUEST"])
    assert "feedback" not in rows["r-2", "REQUEST"]  # nothing half done


def test_a_long_note_is_refused(dynamodb, store, capsys):
    put(dynamodb, store, asked(), content())

    assert say("r-1", "bad", "--note", "é" * 501) == 1
    assert "1002 bytes: write at most 1000" in capsys.readouterr().err


def test_a_note_that_no_table_takes_is_refused_before_anything_is_written(dynamodb, store, capsys):
    put(dynamodb, store, asked(), content())

    assert say("r-1", "bad", "--note", "x\ud800") == 1
    assert "`note` holds NUL or a lone surrogate" in capsys.readouterr().err
    assert total(store) == {}


@pytest.mark.parametrize("keeps", [lambda *_: False, unavailable])
def test_a_verdict_that_was_written_is_no_error_where_its_note_is_lost(dynamodb, store, keeps):
    put(dynamodb, store, asked(), content())
    rows = FeedbackStore(dynamodb, USAGE)
    rows.note = keeps

    written = judge(store, rows, "r-1", "bad", by="ann", note="why", clock=lambda: AT)

    assert (written.at, written.has_note) == (AT, False)
    assert total(store) == {"feedback_bad": 1}


def test_labels_are_what_calibrate_reads(dynamodb, store, capsys, tmp_path):
    put(
        dynamodb, store,
        asked("r-1"), content("r-1"), asked("r-2"), content("r-2", "Hi", "Name {x}"),
        asked("r-3"), asked("r-4", model=SONNET), content("r-4"), asked("r-5"), content("r-5"),
    )  # fmt: skip
    for request_id, verdict in (("r-1", "good"), ("r-2", "bad"), ("r-3", "bad"), ("r-4", "good")):
        assert say(request_id, verdict) == 0
    capsys.readouterr()

    assert say("export", "--since", "1d") == 0

    out, err = capsys.readouterr()
    labels = tmp_path / "labels.jsonl"
    labels.write_text(out)
    rows, assumed, bad = read(labels)
    assert {(row.prompt, row.strong, row.weak) for row in rows} == {
        ("What is 2 + 2?", 1.0, 1.0), ("Name {x}", 1.0, 0.0),
    }  # fmt: skip
    assert (assumed, bad) == (2, [])
    assert "1 skipped: answered by the COMPLEX tier's model" in err
    assert "1 skipped: the text is gone" in err


def test_a_label_says_what_the_cheaper_model_was_worth():
    row = {"model": HAIKU, "baseline_model": SONNET, "feedback": "bad"}

    assert label(row, content()) == {"prompt": "What is 2 + 2?", "weak": 0.0}


def test_a_request_without_a_verdict_is_asked_for_one(dynamodb, capsys):
    with pytest.raises(SystemExit, match="2"):
        say("r-1")
    assert "write `good` or `bad`" in capsys.readouterr().err
