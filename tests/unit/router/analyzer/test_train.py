"""Equal data gives equal bytes, whatever order sets are walked in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sklearn", reason="training needs the train extra")

ROOT = Path(__file__).parents[4]
PROGRAM = """
import hashlib
from eval.data import Outcome, own
from eval.train import train
rows = own()[::14]
routed = [Outcome(str(i), r.prompt, "b", r.label / 2, i % 3 / 4) for i, r in enumerate(rows)]
print(hashlib.sha256(train(rows, rows[:9], routed)).hexdigest())
"""


def digest(seed: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT, capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return ran.stdout.strip()


def test_training_twice_gives_the_same_bytes() -> None:
    assert digest("1") == digest("2")
