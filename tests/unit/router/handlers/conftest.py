from __future__ import annotations

from typing import Any

import pytest

from router.aws import usage_table
from router.aws.usage_table import UsageStore
from router.handlers import await_review, invoke_model, plan_next_step, record_answer
from tests.support.runs import run_plan
from tests.support.tables import USAGE as TABLE
from tests.unit.router.handlers.stage import Bucket, Model, Stage


@pytest.fixture
def stage(dynamodb: Any, monkeypatch: pytest.MonkeyPatch) -> Stage:
    model, bucket = Model(), Bucket()
    store = UsageStore(dynamodb, TABLE)
    monkeypatch.setenv("ANSWERS_BUCKET", "answers-1")
    monkeypatch.setattr(invoke_model, "provider", lambda _name: model)
    monkeypatch.setattr(invoke_model, "memory_mb", 256)
    monkeypatch.setattr(usage_table, "usage_store", lambda: store)
    for module in (record_answer, plan_next_step, await_review):
        monkeypatch.setattr(module, "usage_store", lambda: store)
    for module in (invoke_model, record_answer):
        monkeypatch.setattr(module, "answer_store", lambda _bucket: bucket)
    made = Stage(dynamodb, model, bucket, run_plan())
    made.accept()
    return made
