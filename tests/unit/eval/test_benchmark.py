"""The gates can fail: a figure below its gate is named, and each gate has a figure."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="the benchmark needs the train extra")

from eval import benchmark


def test_a_figure_below_its_gate_is_named() -> None:
    table = {"handwritten: accuracy": {"ours": 0.5}, "red team: flips <": {"ours": 0.5}}

    assert [f.split(" ")[0] for f in benchmark.below(table)] == ["handwritten:", "red"]


def test_a_figure_at_its_gate_passes() -> None:
    assert benchmark.below({n: {"ours": v} for n, v in benchmark.GATES.items()}) == []


def test_every_gate_names_a_figure_that_is_measured() -> None:
    source = Path(benchmark.__file__).read_text()
    measured = source[source.index("def truth") :]

    for name in benchmark.GATES:
        assert name.split(": ")[-1] in measured, name
