"""Runs the function's own loop, and notes how long each call to AWS kept it waiting.

``start.sh`` runs this file where Lambda's Python would be: ``worker.py -m MODULE``. One JSON object
a call on standard output: when it began, and the seconds of it in which the function did nothing.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from typing import Any


def run() -> None:
    """Note the waits of botocore's calls, and run the module."""
    waits = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    from botocore.httpsession import URLLib3Session

    send = URLLib3Session.send

    def timed(session: URLLib3Session, request: Any) -> Any:
        began, worked = time.monotonic(), time.thread_time()
        try:
            return send(session, request)
        finally:
            waited = time.monotonic() - began - (time.thread_time() - worked)
            waits.write(json.dumps({"began": began, "waited": waited}) + "\n")

    URLLib3Session.send = timed  # type: ignore[method-assign,assignment]
    _, flag, module = sys.argv
    assert flag == "-m"
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    run()
