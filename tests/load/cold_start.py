"""What a cold start of a handler spends on its imports, beside a bare interpreter.

Measured on the code of the function zip, compiled as Lambda's own packages are, on this machine;
a Lambda of 256 MB has a fraction of a core, and takes several times as long.
"""

from __future__ import annotations

import compileall
import os
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path

from local import cloud

_RUNS = 9
_STATEMENTS: Mapping[str, str] = {
    "boto3": "import boto3",
    "the event handler": "import aws_lambda_powertools.event_handler.api_gateway",
    "handlers.api": "import router.handlers.api",
    "handlers.authorize": "import router.handlers.authorize",
    "handlers.record_outcome, to compare": "import router.handlers.record_outcome",
}


def cold_starts(folder: Path) -> dict[str, float]:
    """Return milliseconds by what is imported, the median of several fresh interpreters."""
    with zipfile.ZipFile(cloud.ROOT / "build" / "function.zip") as archive:
        archive.extractall(folder)
    compileall.compile_dir(folder, quiet=2)
    names = ("USAGE_TABLE", "SPEND_TABLE", "CONTROL_TABLE", "ANSWERS_BUCKET", "STATE_MACHINE_ARN")
    env = {
        **os.environ,
        **dict.fromkeys(names, "x"),
        "PYTHONPATH": str(folder),
        "AWS_DEFAULT_REGION": cloud.REGION,
        "INPUT_BYTES_LIMIT": "131072",
        "STORE_TEXT": "true",
        "API_CALLERS": '{"auth": "AUTHORIZER", "tenants": {}}',
        "SWITCHYARD_CONFIG": "{}",
    }

    def median(statement: str) -> float:
        took = []
        for _ in range(_RUNS):
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], env=env, cwd=folder, check=True)
            took.append(1000 * (time.perf_counter() - began))
        return statistics.median(took)

    bare = median("pass")
    return {name: median(statement) - bare for name, statement in _STATEMENTS.items()}
