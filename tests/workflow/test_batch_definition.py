"""The batch's definition against the schema of the language, the code and the module."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from router.ingress.batch.chunk_runner import WINDOW
from router.ingress.batch.finish import BatchIncomplete
from router.ingress.batch.layout import InvalidBatch
from router.ingress.queue.ingest import LAST_TRY
from tests.workflow.test_definition import ASL, filled, lint

TEXT = (ASL / "batch.asl.json").read_text(encoding="utf-8")
DEFINITION: dict[str, Any] = json.loads(TEXT)
MAP = DEFINITION["States"]["RunChunks"]
STATES = DEFINITION["States"] | MAP["ItemProcessor"]["States"]
TERRAFORM = ASL.parent / "terraform"


def test_the_published_schema_of_the_language_accepts_it() -> None:
    assert lint(json.loads(filled(TEXT))) == []


def test_the_holes_of_the_template_are_what_terraform_fills() -> None:
    module = (TERRAFORM / "batch.tf").read_text(encoding="utf-8")
    [given] = re.findall(r"/batch\.asl\.json\", \{(.*?)\}\)", module, re.DOTALL)

    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(re.findall(r"^ *(\w+) +=", given, re.M))


@pytest.mark.parametrize("name", STATES)
def test_every_state_says_what_it_is_for(name: str) -> None:
    assert STATES[name]["Comment"].endswith(".")


def test_a_batch_that_cannot_be_read_or_is_incomplete_is_not_tried_again() -> None:
    for state, error in (("SplitFile", InvalidBatch), ("FinishBatch", BatchIncomplete)):
        first, rest = STATES[state]["Retry"]
        assert (first["ErrorEquals"], first["MaxAttempts"]) == ([error.__name__], 0)
        assert rest["ErrorEquals"] == ["States.ALL"]


def test_children_answer_nothing_so_that_ten_thousand_fit_a_state() -> None:
    assert STATES["ChunkDone"]["OutputPath"] is None
    assert MAP["ResultPath"] is None


def test_a_map_that_gave_up_is_added_up_all_the_same() -> None:
    assert [(c["ErrorEquals"], c["Next"]) for c in MAP["Catch"]] == [
        (["States.ALL"], "FinishBatch")
    ]


def test_the_module_knows_the_numbers_of_the_code() -> None:
    batch = (TERRAFORM / "batch.tf").read_text(encoding="utf-8")
    queue = (TERRAFORM / "queue.tf").read_text(encoding="utf-8")

    assert re.search(r"batch_window += (\d+)", batch)[1] == str(WINDOW)
    assert re.search(r"queue_deliveries += (\d+)", queue)[1] == str(LAST_TRY)
