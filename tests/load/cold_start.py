"""What a cold start of a handler spends on its imports, beside a bare interpreter.

Measured on the code of the function zip, compiled as Lambda's own packages are, on this machine,
in time of the processor, so that what else runs here hardly shows. A Lambda of 256 MB has a
fraction of a core, and takes several times as long.
"""

from __future__ import annotations

import compileall
import os
import resource
import statistics
import subprocess
import sys
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


def _cpu_ms(command: list[str], env: Mapping[str, str], folder: Path) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=env, cwd=folder, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def cold_starts(folder: Path) -> dict[str, float]:
    """Return milliseconds of processor time by what is imported, each a median of fresh starts."""
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
        command = [sys.executable, "-c", statement]
        return statistics.median(_cpu_ms(command, env, folder) for _ in range(_RUNS))

    bare = median("pass")
    return {name: median(statement) - bare for name, statement in _STATEMENTS.items()}
