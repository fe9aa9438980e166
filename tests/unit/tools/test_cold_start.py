"""What a cold start must not do; what it takes is measured by `make bench`."""

import subprocess
import sys

import pytest

from tools.cold_start import ENVIRONMENT, HANDLERS

pytestmark = pytest.mark.slow

COUNT = """
import gc
full = []
gc.callbacks.append(lambda phase, info: full.append(phase) if info["generation"] == 2 else None)
import {module}
print(len(full))
"""


@pytest.mark.parametrize("name", HANDLERS)
def test_no_function_looks_for_garbage_among_all_it_has_while_it_starts(name):
    code = COUNT.format(module=HANDLERS[name])

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )

    assert int(done.stdout) == 0
