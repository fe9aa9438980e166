"""``start.sh`` runs this in the place of Lambda's own loop."""

from __future__ import annotations

import os
import sys
from contextlib import closing

from router.lambda_stream.loop import imported, serve
from router.lambda_stream.runtime_api import RuntimeApi

if __name__ == "__main__":
    # What is printed belongs in the log before Lambda freezes the process.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    with closing(RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])) as runtime:
        serve(imported(os.environ["_HANDLER"], runtime), runtime)
