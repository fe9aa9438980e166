"""Every kind of call that the product makes to DynamoDB, as it makes it."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3

from cost_calculator.aws.items import to_item
from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.workflow_rows import WorkflowRows
from cost_calculator.budget_names import BUDGET_SHARDS, budget_key, shard_key
from cost_calculator.clock import now
from cost_calculator.dashboard.reading import Tables, snapshot
from cost_calculator.settlement import settle
from cost_calculator.stream import price_records
from router.__main__ import main
from router.acceptance.reopen import reopened
from router.aws.accepted_since import accepted_since
from router.aws.answers_bucket import answer_store
from router.aws.batch_rows import BatchRows
from router.aws.breaker_store import ControlBreakers
from router.aws.duplicate_store import DuplicateStore
from router.aws.erasure_store import TextStore
from router.aws.feedback_store import FeedbackStore
from router.aws.listener_store import ListenerStore
from router.aws.rate_buckets import RateBuckets
from router.aws.undelivered_answers import UndeliveredAnswers
from router.aws.workflow_store import WorkflowStore
from router.errors import BudgetExceeded, InvalidRequest
from router.guards.breaker import Breaker, Phase, breaker_key
from router.guards.budgets import LIMITS_KEY, attribute_of
from router.recording.duplicate_row import duplicate_row
from router.recording.record import Closing
from router.workflows.run import Run
from tests.fakes.dynamodb import DynamoDB, cancelled
from tests.support.cost_rows import HAIKU, PRICED_AT, RATES, attempt, record, request
from tests.support.dependencies import accept_store
from tests.support.desk import BREAKER, Desk, new_tables
from tests.support.factories import AT, config
from tests.support.tables import CONTROL, SPEND, USAGE

SOURCE = Path(__file__).resolve().parents[2] / "src"


@dataclass(frozen=True)
class Call:
    """One call: what is asked, the file that asks it, and the items that it found, by table."""

    operation: str
    arguments: dict[str, Any]
    file: str
    found: tuple[tuple[str, dict[str, Any]], ...]

    @property
    def shape(self) -> str:
        """What makes it another kind of call: everything but the values."""
        text = json.dumps([self.operation, self.arguments], default=str)
        return re.sub(r'"(S|N)": "[^"]*"', r'"\1"', text)


class Recording:
    """Passes every call on to the fake, and keeps it."""

    def __init__(self, client: DynamoDB) -> None:
        self._client = client
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if not name.endswith(("_item", "_items", "query", "scan")):
            return method

        def call(**arguments: Any) -> Any:
            self._keep(name, arguments)
            return method(**arguments)

        return call

    def get_paginator(self, name: str) -> Any:
        recording, paginator = self, self._client.get_paginator(name)

        class Pages:
            def paginate(self, **arguments: Any) -> Iterator[Any]:
                recording._keep(name, arguments)
                return paginator.paginate(**arguments)

        return Pages()

    def _keep(self, name: str, arguments: dict[str, Any]) -> None:
        tables = self._client.tables
        found = tuple((table, item) for table in tables for item in self._client.rows(table))
        self.calls.append(Call(name, arguments, sys._getframe(2).f_code.co_filename, found))


def product_calls() -> dict[str, Call]:
    """Return one call of each kind, by its shape."""
    calls: list[Call] = []
    guarding = (_guards, _spread_budget, _run, _duplicates)
    for part in (*guarding, _ledger, _operators, _readers, _sockets):
        client = Recording(new_tables())
        part(client)
        calls += client.calls
    return {call.shape: call for call in calls if Path(call.file).is_relative_to(SOURCE)}


def files_with_expressions() -> set[str]:
    """Return the files of the product that write an expression."""
    texts = {str(path): path.read_text(encoding="utf-8") for path in SOURCE.rglob("*.py")}
    return {path for path, text in texts.items() if re.search(r"\w+Expression\b[\"=]", text)}


def _guards(client: Any) -> None:
    limits = {"budget": {"day_usd": 1, "month_usd": 20}, "rate": {"requests": 9, "tokens": 50_000}}
    at = Desk(config(tenants={"acme": limits}, breaker=BREAKER), client)
    haiku = breaker_key("bedrock", HAIKU)
    at.control[haiku] = {"key": haiku, "phase": "OPEN", "version": 3, "open_until_ms": 1}
    for number in range(3):
        at.ask(f"r-{number}", cache=True)
    for rules in ({"rate": {"tokens": 10}}, {"budget": {"day_usd": 0.000001}}):
        with contextlib.suppress(InvalidRequest, BudgetExceeded):
            Desk(config(tenants={"acme": rules}), client).ask("r-9")
    Desk(config(), client, label="COMPLEX").ask("r-8", session_id="s-1", input="long " * 900)
    RateBuckets(client, CONTROL).read("acme")
    breakers = ControlBreakers(client, CONTROL)
    first = Breaker(Phase.OPEN, version=1)
    breakers.save("breaker#a", Breaker(), first)
    breakers.save("breaker#a", first, Breaker(version=2))
    breakers.read([haiku])
    list(breakers.all())


def _spread_budget(client: Any) -> None:
    """Lend, lend again, reserve in a shard, gather what is left in shards, and charge."""
    at = Desk(config(tenants={"hot": {"budget": {"day_usd": 1000}}}), client)
    met = iter([True, True])
    refused = cancelled("None", "None", "TransactionConflict")
    write = client._client.transact_write_items

    def busy(**asked: Any) -> Any:
        if next(met, False):
            raise refused
        return write(**asked)

    with patch.object(client._client, "transact_write_items", busy):
        at.ask("r-0", tenant="hot")
    name = "hot#2026-11-21"
    root, part = budget_key(name), Decimal(1000) / BUDGET_SHARDS
    for number in range(BUDGET_SHARDS):
        at.control[shard_key(name, number)] = {"committed_usd": part / 2}
    at.pass_time(5)
    at.ask("r-1", tenant="hot")
    at.control[root] = at.control[root] | {"committed_usd": 1000, "lent_usd": 1000}
    for number in range(BUDGET_SHARDS):
        crumb = Decimal("0.01") if number < 20 else 0
        at.control[shard_key(name, number)] = {"committed_usd": part - crumb}
    at.pass_time(5)
    at.ask("r-2", tenant="hot")
    at.control[LIMITS_KEY] = {attribute_of("hot"): {"day_usd": 2000}}
    at.pass_time(5)
    at.ask("r-3", tenant="hot")
    del at.control[LIMITS_KEY]
    store = LedgerStore(client, USAGE, SPEND, CONTROL)
    for spread, reserved in ((name, 1), (name, 0)):
        row = request("hot/r-0", budgets=name, spread_budgets=spread, reserved_usd=reserved)
        client.put(USAGE, to_item(row))
        price_records([record(row)], store, RATES, PRICED_AT)


def _run(client: Any) -> None:
    store = accept_store(client)
    Desk(config(), client).ask("r-1", tenant="default")
    asked = store.rows_of("r-1")["REQUEST"]
    store.request_of("r-1")
    store.requests_at(["r-1", "r-2"])
    client.put(USAGE, to_item({"request_id": "r-1", "item": "ATTEMPT#00", "purpose": "classify"}))
    store.record_opinion(asked, {"tier": "COMPLEX"}, {"outcome": "OK", "verdict": "COMPLEX"})
    store.ask_reviewer("r-1", asked["execution_arn"], {
        "request_id": "r-1", "item": "REVIEW", "decide_before": PRICED_AT, "queue": "REVIEW",
    })  # fmt: skip
    changes = {"status": "SUCCEEDED", "ended_at": PRICED_AT, "attempts": 1}
    closing = Closing(
        "r-1", asked["execution_arn"], changes, [attempt()],
        {"request_id": "r-1", "item": "ANSWER", "output": "Paris."}, {"note": "fine"},
        {"request_id": "CACHE#1", "item": "CONTENT", "output": "Paris."},
    )  # fmt: skip
    store.record(closing)
    store.add_attempts(store.rows_of("r-1")["REQUEST"], [attempt(number=2)], 2)
    ended = {"status": "FAILED", "budgets": "a#2026-11", "day_shard": "2026-11-21#0"}
    failed = settle(request("r-2", execution_arn="arn:1", **ended), RATES, PRICED_AT)
    client.put(USAGE, to_item(failed))
    fresh = {name: failed[name] for name in ("request_id", "item", "tenant", "accepted_at")}
    after = reopened({"REQUEST": failed}, {**fresh, "status": "ACCEPTED", "execution_arn": "arn:2"})
    store.reopen(failed, after, [{"request_id": "r-2", "item": "CONTENT", "input": "hi"}], [])


def _duplicates(client: Any) -> None:
    row = duplicate_row("r-1", "default", AT)
    client.put(USAGE, to_item(row))
    store = DuplicateStore(client, USAGE, answer_store("answers"))
    store.go_on(row, {}, AT + timedelta(minutes=5))
    found = store.rows_of("r-1")["DUPLICATE"]
    store.go_on(found, {"steps": ["dup-1"], "sends": 1}, AT + timedelta(hours=1))
    store.end(store.rows_of("r-1")["DUPLICATE"], {"outcome": "EXPIRED"})


def _ledger(client: Any) -> None:
    store = LedgerStore(client, USAGE, SPEND, CONTROL)
    rows = [request(budgets="a#2026-11", reserved_usd=1), attempt(), attempt("r-2", model="odd")]
    for row in rows:
        client.put(USAGE, to_item(row))
    list(store.queued(rows[0]["queue"], "2026-12"))
    list(accept_store(client).queued(rows[0]["queue"], "2026-12"))
    price_records([record(row, n) for n, row in enumerate(rows)], store, RATES, PRICED_AT)
    for number in (2, 3):  # the second adds to sums that are there
        row = attempt(number=number, budgets="a#2026-11")
        client.put(USAGE, to_item(row))
        price_records([record(row)], store, RATES, PRICED_AT)
    list(store.cells_of(["2026-11-21#0"]))
    list(store.cells_of_tenant(["2026-11-21#0"], "default"))
    list(store.all_rows())
    list(store.all_budgets())


def _operators(client: Any) -> None:
    table = ["--control-table", CONTROL, "--region", "us-east-1"]
    with patch.object(boto3.Session, "client", lambda *_, **__: client):
        for limit in ("1", "2"):
            main(["budget", "set", "--tenant", "acme", "--day", limit, *table])
        main(["keys", "create", "--tenant", "acme", *table])
        main(["keys", "list", *table])
        [item] = [item for item in client.rows(CONTROL) if "label" in item]
        main(["keys", "revoke", item["key"]["S"].removeprefix("apikey#")[:12], *table])
    texts = TextStore(client, USAGE, None, "")
    client.put(USAGE, to_item(request()))
    for before in (None, PRICED_AT):
        list(texts.requests_of("default", before))
    client.put(USAGE, to_item({"request_id": "CACHE#1", "item": "CONTENT", "source": "r-1"}))
    texts.has_kept("CACHE#1", "r-1")
    texts.delete_kept("CACHE#1", "r-1")
    texts.delete_row("r-1", "CONTENT")
    for removed, values in ((["model"], {}), ([], {"forgotten": 1}), (["tier"], {"forgotten": 1})):
        texts.change(request(), removed, values)
    for same in ({"tenant": "default"}, {"tenant": "other"}):
        texts.change(request() | same, [], {"forgotten": 2}, same=["tenant"])


def _readers(client: Any) -> None:
    client.put(USAGE, to_item({"request_id": "r-1", "item": "CONTENT", "input": "hi"}))
    answers = UndeliveredAnswers(client, USAGE)
    answers.note("r-1")
    answers.clear("r-1")
    feedback = FeedbackStore(client, USAGE)
    feedback.row("r-1", "CONTENT")
    feedback.note("r-1", "right")
    list(feedback.judged(["2026-11-21"]))
    BatchRows(client, USAGE).statuses(["r-1", "r-2"])
    steps = WorkflowRows(client, USAGE)
    client.put(USAGE, to_item(request("r-3", parent_id="run-1")))
    list(steps.steps_of("run-1"))
    steps.rows_of("r-3")
    runs = WorkflowStore(client, USAGE, answer_store(""))
    runs.begin_run(Run("rag", "run-1"), {"arn": "arn:aws:states:::execution:rag:e-1"}, 256)
    for place in ({}, {"queue": "PENDING#1", "queued_at": PRICED_AT}):
        runs.end_run(
            {"request_id": "run-1", "item": "WORKFLOW#e-1", "status": "SUCCEEDED", **place}
        )
    runs.put_embeddings({"request_id": "run-1", "item": "ATTEMPT#e-1", "cost_status": "PENDING"})
    list(accepted_since(client, USAGE, now() - timedelta(seconds=1)))
    snapshot(client, Tables(USAGE, SPEND, CONTROL), timedelta(days=1))


def _sockets(client: Any) -> None:
    store = ListenerStore(client, CONTROL)
    store.connect("c-1", "acme")
    store.tenant_of("c-1")
    store.disconnect("c-1")
    store.listen("acme/r-1", "c-1")
    listener = store.listener_of("acme/r-1")
    assert listener
    for streamed in (None, PRICED_AT):
        store.note(replace(listener, has_begun=True, streamed=streamed))
    store.leave("acme/r-1", "c-2")
    store.leave("acme/r-1", "c-1")
