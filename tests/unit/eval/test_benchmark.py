"""The gates can fail: a figure below its gate is named, and each gate has a figure."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="the benchmark needs the train extra")

from eval import benchmark, crossval
from eval.families import family


def test_a_figure_below_its_gate_is_named() -> None:
    table = {"handwritten: accuracy": {"ours": 0.5}, "red team: flips <": {"ours": 0.5}}

    assert [f.split(" ")[0] for f in benchmark.below(table)] == ["handwritten:", "red"]


def test_a_figure_at_its_gate_passes() -> None:
    assert benchmark.below({n: {"ours": v} for n, v in benchmark.GATES.items()}) == []


def test_every_gate_names_a_figure_that_is_measured() -> None:
    source = Path(benchmark.__file__).read_text()
    measured = source[source.index("def truth") :] + Path(crossval.__file__).read_text()

    for name in benchmark.GATES:
        assert name.split(": ")[-1] in measured, name


def test_a_stranger_s_figure_stands_beside_ours_where_the_gap_is_known() -> None:
    table = {"red team: flips <": {"ours": 0.05}, "typos: label kept": {"ours": 0.9}}

    benchmark.strangers(table)

    assert table["red team: flips <"]["ours, as a stranger"] == pytest.approx(0.05 + 0.123)
    assert set(table["typos: label kept"]) == {"ours"}


def test_sources_that_share_passages_are_held_out_together() -> None:
    assert family("tatqa-lookup") == family("pacific") != family("wikitq")

    folds = crossval.assigned(["a"] * 6 + ["b"] * 5 + ["c"] * 4, [0] * 15)

    assert len(set(folds.values())) == 3
