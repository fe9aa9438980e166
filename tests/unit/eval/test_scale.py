"""The paper on scale: its table is the code's, and the simulated designs keep apart."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from eval.budget_designs import Design, Prepaid
from eval.budget_scale import simulate
from eval.scale import bounds, simulate_slots, table

DOCUMENT = Path(__file__).parents[3] / "docs" / "scale.md"


def test_the_table_of_the_document_is_the_codes() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert f"<!-- scale -->\n{table()}\n<!-- end -->" in text, "run: python -m eval.scale"


def test_what_bends_first_is_at_the_top() -> None:
    rates = [bound.rate for bound in bounds()]

    assert rates == sorted(rates)


def test_shards_carry_what_one_item_does_not() -> None:
    before, chosen = (simulate(design, 300, 0.015, length=3) for design in (Design, Prepaid))

    assert before.accepted < 3 * 300 / 2
    assert chosen.accepted > 3 * 300 * 0.9
    assert chosen.lost == 0


@pytest.mark.slow
def test_shards_near_the_limit_never_pass_it() -> None:
    found = simulate(Prepaid, 300, 0.015, Decimal(5), length=2)

    assert found.refused > 0
    assert found.most_committed <= 5


def test_a_slot_for_each_writer_keeps_up_where_all_slots_do_not() -> None:
    assert simulate_slots(1_000, 0.015, kept=True, length=10).latest < 1
    assert simulate_slots(1_000, 0.015, kept=False, length=10).latest > 5
