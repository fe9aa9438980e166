"""The page's data is that of the tables, however much there is, and reading it is bounded."""

import base64
import gzip
import json
import re
import socket
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from cost_calculator.__main__ import main
from cost_calculator.aws.items import to_item
from cost_calculator.dashboard import reading
from cost_calculator.dashboard.document import Failures, Sessions, Snapshot, document
from cost_calculator.dashboard.reading import (
    Tables,
    latest_failures,
    pending,
    sessions,
    snapshot,
)
from cost_calculator.dashboard.serving import serve
from tests.support.cost_rows import HAIKU, attempt, request
from tests.support.tables import CONTROL, SPEND, USAGE

TABLES = ["--usage-table", USAGE, "--spend-table", SPEND, "--control-table", CONTROL]
NOW = datetime.now(UTC)
TODAY = f"{NOW:%Y-%m-%d}"
YESTERDAY = f"{NOW - timedelta(days=1):%Y-%m-%d}"


def failed(request_id, at, shard=0, **changes):
    return request(
        request_id, status="FAILED", cause="Throttled", accepted_at=at,
        day_shard=f"{at[:10]}#{shard}", route="SIMPLE", planned_model=HAIKU, **changes,
    )  # fmt: skip


def put(client, *rows):
    for row in rows:
        client.put_item(TableName=USAGE, Item=to_item(row))


def document_of(cells):
    nothing = Failures([], 0, None)
    return document(Snapshot("test", "now", [TODAY], cells, [], False, nothing, []))


def cell(shard, tenant="acme", **sums):
    return {"day": f"{TODAY}#{shard}", "cell": f"{tenant}#m#SIMPLE", **sums}


def test_shards_of_a_cell_are_one_line_and_money_is_exact():
    made = document_of([
        cell(0, cost_usd=Decimal("0.000000000001"), requests=Decimal(1)),
        cell(7, cost_usd=Decimal(9_000_000), requests=Decimal(2)),
        cell(1, tenant="zeta", requests=Decimal(5)),
    ])  # fmt: skip

    assert made["scale"] == 12
    assert made["sums"]["requests"] == [3, 5]
    assert made["sums"]["cost_usd"] == ["9000000000000000001", 0]


def test_a_sum_that_nobody_knows_yet_still_reaches_the_page():
    assert document_of([cell(0, brand_new=Decimal(3))])["sums"] == {"brand_new": [3]}


def test_failures_are_the_newest_first_and_the_answered_are_left_out(dynamodb):
    put(
        dynamodb,
        failed("old", f"{YESTERDAY}T10:00:00.000Z", 3),
        failed("new", f"{TODAY}T00:10:00.000Z", 5),
        request("fine", accepted_at=f"{TODAY}T00:09:00.000Z", day_shard=f"{TODAY}#5"),
    )

    found = latest_failures(dynamodb, USAGE, [YESTERDAY, TODAY])

    assert [row["request_id"] for row in found.rows] == ["new", "old"]
    assert found.looked_at == 3
    assert found.complete_since is None
    assert not set(found.rows[0]) & {"input", "output", "metadata"}  # no text


def test_failures_say_how_far_back_they_are_complete(dynamodb, monkeypatch):
    monkeypatch.setattr(reading, "_ROWS_A_QUERY", 2)
    put(dynamodb, *(failed(f"r-{n}", f"{TODAY}T00:00:0{n}.000Z") for n in range(5)))

    found = latest_failures(dynamodb, USAGE, [YESTERDAY, TODAY])

    assert [row["request_id"] for row in found.rows] == ["r-4", "r-3"]
    assert found.complete_since == f"{TODAY}T00:00:03.000Z"


def session(name, usd, tenant="acme", day=TODAY, **sums):
    key = {"day": f"{day}#sessions#2", "cell": f"{tenant}#{name}#{HAIKU}"}
    return to_item(key | {"cost_usd": Decimal(usd), "attempts": Decimal(1), **sums})


def test_sessions_that_cost_the_most_come_first_whatever_their_days(dynamodb, store, monkeypatch):
    monkeypatch.setattr(reading, "SESSIONS_SHOWN", 2)
    for item in (
        session("s-1", 3), session("s-1", 4, day=YESTERDAY), session("s-2", 1), session("s-3", 5),
        session("s-1", 6, tenant="zeta"), session("s-4", 0, unknown=Decimal(1)),
    ):  # fmt: skip
        dynamodb.put_item(TableName=SPEND, Item=item)

    found = sessions(store, [YESTERDAY, TODAY])

    assert [(*row[:2], row[2]["cost_usd"]) for row in found.rows] == [
        ("acme", "s-1", 7),
        ("zeta", "s-1", 6),
    ]
    assert (found.found, found.complete_since) == (5, None)


def test_reading_sessions_ends_after_so_many_sums_and_says_how_far_back(
    dynamodb, store, monkeypatch
):
    monkeypatch.setattr(reading, "SESSION_CELLS_LOOKED_AT", 1)
    dynamodb.put_item(TableName=SPEND, Item=session("old", 9, day=YESTERDAY))
    dynamodb.put_item(TableName=SPEND, Item=session("new", 1))

    found = sessions(store, [YESTERDAY, TODAY])

    assert [row[1] for row in found.rows] == ["new"]
    assert found.complete_since == TODAY


def test_a_session_of_which_no_cost_is_known_costs_not_nothing():
    unknown = {"attempts": Decimal(1), "unknown": Decimal(1), "cost_usd": Decimal(0)}
    nothing = Failures([], 0, None)
    shown = Sessions([("acme", "s-1", unknown)], 1, None)
    page = document(Snapshot("test", "now", [TODAY], [], [], False, nothing, [], shown))

    [row] = page["sessions"]["rows"]
    assert (row["total_usd"], row["not_priced"]) == (None, 1)


def test_what_waits_for_a_price_is_counted_by_day_tenant_and_model(dynamodb, monkeypatch):
    put(dynamodb, attempt("r-1"), attempt("r-1", 2), attempt("r-2", tenant="acme"), request("r-3"))

    found, more = pending(dynamodb, USAGE)

    assert {(p.tenant, p.count) for p in found} == {("default", 3), ("acme", 1)}
    assert {p.day for p in found} == {"2026-11-21"}
    assert not more
    in_place = {"queue": "ACCEPTED#3", "queued_at": "2026-11-21T10:00:00.000Z"}
    put(dynamodb, request("r-4", tenant="beta", **in_place))
    put(dynamodb, request("r-5", tenant="gone", status="ACCEPTED", cost_status=None, **in_place))
    assert {p.tenant for p in pending(dynamodb, USAGE)[0]} == {"default", "acme", "beta"}
    monkeypatch.setattr(reading, "_PENDING_A_SHARD", 1)
    assert pending(dynamodb, USAGE)[1]


def test_days_outside_are_left_out(dynamodb):
    for day in (TODAY, "2026-01-01"):
        key = {"day": f"{day}#0", "cell": "acme#m#SIMPLE", "requests": Decimal(1)}
        dynamodb.put_item(TableName=SPEND, Item=to_item(key))

    found = document(snapshot(dynamodb, Tables(USAGE, SPEND), timedelta(days=7)))

    assert len(found["days"]) == 8
    assert found["sums"]["requests"] == [1]


def test_a_served_page_is_made_anew_at_each_load_and_for_this_machine_alone():
    loads = iter(["one", "two"])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    threading.Thread(target=serve, args=(lambda: next(loads), port), daemon=True).start()
    url = f"http://127.0.0.1:{port}/"

    with requests.Session() as session:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(max_retries=Retry(connect=20, backoff_factor=0.05)))
        assert [session.get(url, timeout=5).text for _ in range(2)] == ["one", "two"]
        assert session.get(url + "etc/passwd", timeout=5).status_code == 404
        assert session.get(url, headers={"host": "evil.example"}, timeout=5).status_code == 404


@pytest.mark.parametrize("missing", ["--usage-table", "--spend-table"])
def test_the_command_says_which_table_it_misses(dynamodb, missing):
    names = {"--usage-table": USAGE, "--spend-table": SPEND}
    given = [word for name, value in names.items() if name != missing for word in (name, value)]

    variable = missing.strip("-").replace("-", "_").upper()
    with pytest.raises(SystemExit, match=variable):
        main(["dashboard", *given])


def test_the_command_writes_one_file_with_the_data_in_it(dynamodb, tmp_path, capsys):
    put(dynamodb, failed("r-1", f"{TODAY}T00:00:00.000Z"))
    out = tmp_path / "folder" / "page.html"

    assert main(["dashboard", "--out", str(out), *TABLES]) == 0

    page = out.read_text("utf-8")
    packed = re.search(r'id="data">([^<]+)<', page)[1]
    data = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert data["failures"]["rows"][0]["request_id"] == "r-1"
    assert str(out) in capsys.readouterr().out


def test_budgets_of_this_day_and_month_are_read_where_they_have_a_limit(dynamodb):
    def budget(name, **sums):
        dynamodb.put_item(TableName=CONTROL, Item=to_item({"key": f"budget#{name}", **sums}))

    limit = {"limit_usd": Decimal(5), "committed_usd": Decimal(1)}
    budget(f"acme#{TODAY}", **limit, reserved_usd=Decimal("0.25"))
    budget(f"*#{TODAY[:7]}", limit_usd=Decimal(9))
    budget("acme#2026-01-01", **limit)
    budget(f"default#{TODAY}", committed_usd=Decimal(1))
    dynamodb.put_item(TableName=CONTROL, Item=to_item({"key": "breaker#m"}))

    found = snapshot(dynamodb, Tables(USAGE, SPEND, CONTROL), timedelta(days=1)).budgets

    assert [(b.tenant, b.period.split()[0]) for b in found] == [("acme", "day"), ("*", "month")]
    assert found[0].reserved_usd == Decimal("0.25")
    assert found[1].committed_usd == 0
