"""Reads what the page shows: sums of all days, and of rows only so many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.whole_rows import whole_rows
from cost_calculator.budget_names import budget_key
from cost_calculator.cells import NOBODY, Cell
from cost_calculator.contributions import ANSWERED, Sums, add
from cost_calculator.dashboard.document import Budget, Failures, Sessions, Snapshot, Unpriced
from cost_calculator.pricing import CostStatus
from cost_calculator.reports import days_between, partitions, session_partitions, spent
from cost_calculator.row_keys import request_id_of
from cost_calculator.rows import SHARDS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

FAILURES_SHOWN = 50
ROWS_LOOKED_AT = 8_000
"""No more REQUEST rows than these are looked at for failures, however many there are."""

SESSIONS_SHOWN = 20
SESSION_CELLS_LOOKED_AT = 20_000
"""No further day is looked at for sessions after so many of their sums."""

_ROWS_A_QUERY = 500
_PENDING_A_SHARD = 1_000
_FINE = ANSWERED | {"ACCEPTED"}
_FAILURE_FIELDS = (
    "request_id", "tenant", "status", "cause", "route", "planned_model", "accepted_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tables:
    """The names of the tables to read; without ``control`` the page has no budgets."""

    usage: str
    spend: str
    control: str = ""


def snapshot(
    client: DynamoDBClient, tables: Tables, since: timedelta, source: str = ""
) -> Snapshot:
    """Read what the page shows of so long a time, in whole UTC days, as it is now.

    ``source`` is what the page calls the tables, if their names do not show it.
    """
    now = datetime.now(UTC)
    days = days_between(now - since, now)
    waiting, more = pending(client, tables.usage)
    store = LedgerStore(client, tables.usage, tables.spend, tables.control)
    return Snapshot(
        source=source or f"Tables {tables.spend} and {tables.usage}",
        at=now.isoformat(),
        days=days,
        cells=store.cells_of(partitions(days)),
        pending=waiting,
        pending_more=more,
        failures=latest_failures(client, tables.usage, days),
        budgets=budgets(store.all_budgets(), days[-1]) if tables.control else [],
        sessions=sessions(store, days),
    )


def sessions(store: LedgerStore, days: Sequence[str]) -> Sessions:
    """Return the sessions that cost the most, from the newest of the days backwards as far as is
    cheap."""
    found: dict[tuple[str, str], list[Sums]] = {}
    looked_at, since = 0, None
    for day in reversed(days):
        if looked_at >= SESSION_CELLS_LOOKED_AT:
            break
        since = day
        for cell in store.cells_of(session_partitions([day])):
            parts = Cell(cell["day"], cell["cell"]).parts
            sums = {name: value for name, value in cell.items() if name not in ("day", "cell")}
            found.setdefault((parts.tenant, parts.session), []).append(sums)
            looked_at += 1
    rows = [(*whose, add(parts)) for whose, parts in found.items()]
    rows.sort(key=lambda row: (-spent(row[2]), row[:2]))
    return Sessions(rows[:SESSIONS_SHOWN], len(rows), None if since in (days[0], None) else since)


def budgets(items: Iterable[Mapping[str, Any]], today: str) -> list[Budget]:
    """Return the budgets of this day and this month that have a limit, the fullest first."""
    periods = {today: f"day {today}", today[:7]: f"month {today[:7]}"}
    found = []
    for item in items:
        tenant, period = item["key"].removeprefix(budget_key("")).rsplit("#", 1)
        if period in periods and "limit_usd" in item:
            sums = (item.get(name, Decimal(0)) for name in ("committed_usd", "reserved_usd"))
            found.append(Budget(tenant, periods[period], item["limit_usd"], *sums))
    return sorted(found, key=lambda b: (b.limit_usd - b.committed_usd, b.tenant, b.period))


def latest_failures(client: DynamoDBClient, usage_table: str, days: Sequence[str]) -> Failures:
    """Return the latest failures, from the newest of the days backwards, as far as is cheap."""
    found: list[dict[str, Any]] = []
    looked_at, cut = 0, ""
    for day in reversed(days):
        for shard in range(SHARDS):
            page = _latest(client, usage_table, f"{day}#{shard}")
            looked_at += page["Count"]
            rows = whole_rows(client, usage_table, page["Items"])
            found += [_shown(row) for row in rows if row["status"] not in _FINE]
            if "LastEvaluatedKey" in page:
                cut = max(cut, page["LastEvaluatedKey"]["accepted_at"]["S"])
        if cut or len(found) >= FAILURES_SHOWN or looked_at >= ROWS_LOOKED_AT:
            cut = cut or (f"{day}T00:00:00.000Z" if day != days[0] else "")
            break
    found.sort(key=lambda row: str(row["accepted_at"]), reverse=True)
    if len(found) > FAILURES_SHOWN:
        found = found[:FAILURES_SHOWN]
        cut = max(cut, str(found[-1]["accepted_at"]))
    return Failures(found, looked_at, cut or None)


def pending(client: DynamoDBClient, usage_table: str) -> tuple[list[Unpriced], bool]:
    """Return what waits for its price, and whether there is more than was counted."""
    counted: Counter[tuple[str, str, str]] = Counter()
    more = False
    # A REQUEST row stays in the queue that it was accepted into until it is priced.
    for queue in (f"{name}#{shard}" for shard in range(SHARDS) for name in ("PENDING", "ACCEPTED")):
        page = client.query(
            TableName=usage_table,
            IndexName="by-queue",
            KeyConditionExpression="#queue = :queue",
            ExpressionAttributeNames={"#queue": "queue"},
            ExpressionAttributeValues={":queue": {"S": queue}},
            Limit=_PENDING_A_SHARD,
        )
        rows = whole_rows(client, usage_table, page["Items"])
        waiting = [row for row in rows if row.get("cost_status") == CostStatus.PENDING]
        for row in waiting:
            day = str(row.get("ended_at") or row["queued_at"])[:10]
            counted[day, row["tenant"], row.get("model") or NOBODY] += 1
        more = more or bool(waiting and "LastEvaluatedKey" in page)
    return [Unpriced(*key, count=n) for key, n in sorted(counted.items())], more


def _latest(client: DynamoDBClient, table: str, partition: str) -> Any:
    return client.query(
        TableName=table,
        IndexName="by-day",
        KeyConditionExpression="day_shard = :partition",
        ExpressionAttributeValues={":partition": {"S": partition}},
        ScanIndexForward=False,
        Limit=_ROWS_A_QUERY,
    )


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: row[name] for name in _FAILURE_FIELDS if name in row}
    return known | {"request_id": request_id_of(row["request_id"])}
