"""Equal data gives equal bytes, whatever order sets are walked in."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

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

KERNELS = """
import eval.train
from threadpoolctl import threadpool_info
print(*{p["architecture"] for p in threadpool_info() if p["internal_api"] == "openblas"})
"""


def run(program: str, **changed: str) -> str:
    inherited = {k: v for k, v in os.environ.items() if k != "OPENBLAS_CORETYPE"}
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, text=True, check=True,
        # Threads that wait for each other in a loop take most of the time on a busy machine.
        env=inherited | {"PYTHONPATH": str(ROOT), "OMP_WAIT_POLICY": "passive"} | changed,
    )  # fmt: skip
    return ran.stdout.strip()


def digest(seed: str, threads: str) -> str:
    return run(PROGRAM, PYTHONHASHSEED=seed, OMP_NUM_THREADS=threads)


def test_training_twice_gives_the_same_bytes() -> None:
    assert digest("1", threads="1") == digest("2", threads="2")


@pytest.mark.skipif(platform.machine() != "x86_64", reason="kernels of x86-64")
def test_training_takes_the_same_kernels_on_every_cpu() -> None:
    """OpenBLAS takes those of the machine by default: their sums differ in the last bits."""
    assert run(KERNELS) == "Haswell"
