"""The HTTP door: an event of API Gateway in, an answer out."""

from __future__ import annotations

import os
import time
from typing import Any

from cost_calculator.settling import settle
from cost_calculator.store import LedgerStore
from cost_calculator.sweeping import default_rates
from router.answers import answer_store
from router.api.prompts import Door
from router.api.routes import World, routes
from router.api.tenants import Callers
from router.clock import iso, now
from router.feedback_store import FeedbackStore
from router.judging import judge
from router.starting import executions
from router.store import dynamodb, usage_store

rates = default_rates()
ledger = LedgerStore(dynamodb(), os.environ["USAGE_TABLE"], os.environ["SPEND_TABLE"])
verdicts = FeedbackStore(dynamodb(), os.environ["USAGE_TABLE"])
door = Door(
    store=usage_store(),
    executions=executions(),
    text_at=answer_store(os.environ["ANSWERS_BUCKET"]).get,
    clock=time.monotonic,
    sleep=time.sleep,
    input_bytes_limit=int(os.environ["INPUT_BYTES_LIMIT"]),
    store_text=os.environ["STORE_TEXT"] == "true",
)
app = routes(
    World(
        door=door,
        callers=Callers.from_json(os.environ["API_CALLERS"]),
        settle=lambda row: settle(row, rates, iso(now())),
        cells=ledger.cells_of_tenant,
        judge=lambda request_id, verdict, by, note: judge(
            ledger, verdicts, request_id, verdict, by=by, note=note, clock=now
        ),
        now=now,
    )
)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one HTTP request; see ``router.api.routes``."""
    answer: dict[str, Any] = app.resolve(event, context)
    return answer
