"""What models can do: the module refuses by the names that the code has."""

from __future__ import annotations

import re
from pathlib import Path

from router.catalog.capabilities import SAMPLING

MODELS = Path(__file__).resolve().parents[4] / "terraform" / "known.tf"


def test_the_module_knows_the_sampling_options_of_the_code() -> None:
    listed = re.search(r"sampling_options = \[(.*?)\]", MODELS.read_text("utf-8"), re.DOTALL)

    assert listed
    assert set(re.findall(r'"(\w+)"', listed[1])) == SAMPLING
