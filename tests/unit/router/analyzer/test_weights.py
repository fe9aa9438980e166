"""A weights file is what it says it is, or it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.analyzer import load
from router.analyzer.forest import Forest
from router.analyzer.linear import Block
from router.analyzer.model import shipped_weights
from router.analyzer.weights import BIAS, LANE, InvalidWeights, dump, parse


def test_an_altered_byte_is_refused() -> None:
    content = dump({"version": "x"}, {"a": b"12345"})

    with pytest.raises(InvalidWeights, match="digest"):
        parse(content[:-1] + b"6", "w")


@pytest.mark.parametrize("content", [b"", b"{}\n", b"not json\nabc", b'{"format":99}\n'])
def test_a_file_of_another_kind_is_refused_with_what_to_do(content: bytes) -> None:
    with pytest.raises(InvalidWeights, match="calibrate"):
        parse(content, "w")


def test_equal_sections_give_equal_bytes() -> None:
    sections = {"b": b"2", "a": b"1"}

    assert dump({"version": "x"}, sections) == dump(
        {"version": "x"}, dict(reversed(sections.items()))
    )


def test_a_path_loads_that_file(tmp_path: Path) -> None:
    shipped = shipped_weights()
    sections = {name: shipped.section(name) for name in shipped.header["sections"]}
    (tmp_path / "w").write_bytes(dump({"version": "mine"}, sections))

    assert load(tmp_path / "w").version == "mine"


def test_trees_answer_as_walking_them_would() -> None:
    """Feature 0 splits at 1.5; right of it feature 1 splits at 0.0."""
    nodes = [(0, 1.5, 0, 0b11111110), (1, 0.0, 0, 0b11111101)]
    forest = Forest(nodes, [10.0, 20.0, 30.0, 0, 0, 0, 0, 0])

    assert forest.leaf_values([1.5, 9.0]) == [10.0]
    assert forest.leaf_values([1.6, 0.0]) == [20.0]
    assert forest.leaf_values([1.6, 0.1]) == [30.0]


def test_packed_weights_add_up_lane_by_lane() -> None:
    def entry(a: int, b: int, c: int, squared: int) -> int:
        lanes = (a + BIAS, b + BIAS, c + BIAS, squared)
        return sum(v << LANE * place for place, v in enumerate(lanes))

    block = Block({"x": entry(-127, 3, 0, 8 * 9), "y": entry(7, -3, 127, 8 * 16)}, (1.0, 1.0, 2.0))

    assert block.sums(["x", "y", "unknown"]) == pytest.approx((-24.0, 0.0, 50.8))
    assert block.sums(["unknown"]) == (0.0, 0.0, 0.0)
