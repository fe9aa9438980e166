"""Runs `-m MODULE` as a Lambda sandbox would, for a function whose exec wrapper chooses the module.

Run by path, without site-packages: see `bootstrap`. Each AWS call is one line of JSON on what was
standard output; whatever the handler prints goes to standard error.
"""

import importlib.util
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any


def run() -> None:
    """Take the import path that `-I` keeps Python from reading, watch the calls, run the module."""
    calls = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sys.path[:0] = os.environ["PYTHONPATH"].split(os.pathsep)
    bootstrap = _bootstrap()
    bootstrap.keep_time(os.environ.pop("LOCAL_CLOUD_TIME", ""))
    bootstrap.watch_calls(lambda call: calls.write(json.dumps(call) + "\n"))
    _, flag, module = sys.argv
    assert flag == "-m"
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _bootstrap() -> Any:
    spec = importlib.util.spec_from_file_location(
        "_bootstrap", Path(__file__).with_name("bootstrap.py")
    )
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    run()
