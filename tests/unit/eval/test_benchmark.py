"""The gates can fail: a figure below its gate is named, and each gate has a figure."""

from __future__ import annotations

import pytest

pytest.importorskip("sklearn", reason="the benchmark needs the train extra")

from eval import crossval, gates
from eval.families import family
from eval.table import put, show


def test_a_figure_below_its_gate_is_named() -> None:
    table = {"handwritten: accuracy": {"ours": 0.5}, "red team: flips <": {"ours": 0.5}}

    assert [f.split(" ")[0] for f in gates.below(table)] == ["handwritten:", "red"]


def test_a_figure_at_its_gate_passes() -> None:
    assert gates.below({n: {"ours": v} for n, v in gates.GATES.items()}) == []


def test_a_gate_without_a_figure_is_named() -> None:
    table = {name: {"ours": gate} for name, gate in gates.GATES.items()}
    del table["red team: flips <"]

    assert gates.unmeasured(table) == ["red team: flips < was not measured"]


def test_a_stranger_s_figure_stands_beside_ours_where_the_gap_is_known() -> None:
    table = {"red team: flips <": {"ours": 0.05}, "typos: label kept": {"ours": 0.9}}

    gates.strangers(table)

    assert table["red team: flips <"]["stranger"] == pytest.approx(0.05 + 0.123)
    assert set(table["typos: label kept"]) == {"ours"}


def test_a_share_of_rows_stands_beside_its_interval(capsys: pytest.CaptureFixture[str]) -> None:
    table: gates.Table = {}
    put(table, "dev: accuracy", "ours", 0.9, rows=100)
    put(table, "dev: accuracy", "TF-IDF + LR", 0.8, rows=100)
    put(table, "APGR", "ours", 0.7)

    show(table)

    _, accuracy, apgr = capsys.readouterr().out.splitlines()
    assert accuracy.split() == ["dev:", "accuracy", "0.900", "0.826–0.945", "100", "0.800"]
    assert apgr.split() == ["APGR", "0.700"]


def test_sources_that_share_passages_are_held_out_together() -> None:
    assert family("tatqa-lookup") == family("pacific") != family("wikitq")

    folds = crossval.assigned(["a"] * 6 + ["b"] * 5 + ["c"] * 4, [0] * 15)

    assert len(set(folds.values())) == 3
