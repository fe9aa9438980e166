"""The HTTP API: an event of API Gateway in, an answer out."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import APIGatewayRestResolver

from cost_calculator.aws.ledger_store import LedgerStore
from cost_calculator.aws.settings_item import load_settings
from cost_calculator.aws.workflow_rows import WorkflowRows
from cost_calculator.clock import iso, now
from cost_calculator.rates import default_rates
from cost_calculator.settlement import Row, settle
from cost_calculator.workflow_cost import read_run
from router.aws.accept_store import accept_store
from router.aws.answers_bucket import answer_store
from router.aws.dynamodb import dynamodb
from router.aws.executions import executions
from router.aws.feedback_store import FeedbackStore
from router.aws.guard_metrics import meter
from router.aws.input_bucket import input_store
from router.aws.undelivered_answers import UndeliveredAnswers
from router.aws.usage_table import usage_store
from router.config.tenants import parse_rules
from router.errors import BudgetExceeded
from router.feedback import Judged, Verdict, judge
from router.guards.budgets import parse_limits
from router.ingress.api.callers import Callers
from router.ingress.api.cors import Cors
from router.ingress.api.entry_budgets import EntryBudgets
from router.ingress.api.ports import ApiContext
from router.ingress.api.routes import Services, routes

# A step takes two queries, and a caller waits for 29 s at most.
_MOST_STEPS = 500


def app() -> APIGatewayRestResolver:
    """Return the resolver; docs/architecture.md has the variables that it reads."""
    rates, client = default_rates(), dynamodb()
    ledger = LedgerStore(client, os.environ["USAGE_TABLE"], os.environ["SPEND_TABLE"])
    verdicts = FeedbackStore(client, os.environ["USAGE_TABLE"])

    def judged(key: str, verdict: Verdict, by: str, note: str) -> Judged:
        return judge(ledger, verdicts, key, verdict, by=by, note=note, clock=now)

    def settled(row: Row) -> Row:
        return settle(row, rates, iso(now()))

    limits = json.loads(os.environ["BUDGETS"])
    budgets = EntryBudgets(
        parse_rules(limits["tenants"]),
        parse_limits(limits["everyone"]) if "everyone" in limits else None,
        lambda keys: accept_store().read(keys).control,
        now,
    )

    def over_budget(tenant: str) -> BudgetExceeded | None:
        if error := budgets.refusal(tenant):
            meter("budget_exceeded", 1, error.owner)
        return error

    api = ApiContext(
        store=usage_store(),
        executions=executions(),
        text_at=answer_store(os.environ["ANSWERS_BUCKET"]).get,
        keep=input_store().keep,
        clock=time.monotonic,
        sleep=time.sleep,
        now=now,
        input_bytes_limit=int(os.environ["INPUT_BYTES_LIMIT"]),
        payload_bytes_limit=int(os.environ["PAYLOAD_BYTES_LIMIT"]),
        store_text=os.environ["STORE_TEXT"] == "true",
        over_budget=over_budget,
    )
    return routes(
        Services(
            api=api,
            callers=Callers.from_json(os.environ["API_CALLERS"]),
            settle=settled,
            cells=ledger.cells_of_tenant,
            judge=judged,
            steps=lambda parent: read_run(
                parent, WorkflowRows(client, os.environ["USAGE_TABLE"]), settled, _MOST_STEPS
            ),
            undelivered=UndeliveredAnswers(client, os.environ["USAGE_TABLE"]),
            sign_upload=input_store().sign,
        ),
        Cors.from_json(os.environ.get("API_CORS", "null")),
    )


load_settings()
resolver = app()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one HTTP request; see ``router.ingress.api.routes``."""
    answer: dict[str, Any] = resolver.resolve(event, context)
    return answer
