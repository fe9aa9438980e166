"""Starts the patched emulator: `python -m local.emulator --port 4566`.

The process ends with SIGTERM, with Ctrl-C, and, under `--follow-parent`, with its parent.
"""

import argparse
import os
import sys
from pathlib import Path

from local import cloud_time
from local.lifeline import follow_parent


def main() -> None:
    """Read the arguments, patch MiniStack, and serve until stopped."""
    parser = argparse.ArgumentParser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port to listen on")
    parser.add_argument("--auth", action="store_true", help="evaluate IAM policies")
    parser.add_argument("--follow-parent", action="store_true", help="end when stdin closes")
    parser.add_argument("--time", type=Path, help="file to keep the cloud's time in")
    parser.add_argument("--beside", type=int, default=0, help="process id of the simulator")
    options = parser.parse_args()
    if options.follow_parent:
        follow_parent()
    cloud_time.follow(options.time)

    # MiniStack reads its settings while it is being imported, so they come first.
    os.environ.update(_settings(options.port, auth=options.auth))
    from local.emulator import pacemaker
    from local.emulator.patches import apply_all

    apply_all()
    if options.time:
        pacemaker.start(options.time, *filter(None, [options.beside]))
    from ministack import app

    sys.argv = ["ministack"]  # its main() parses the command line itself
    app.main()


def _settings(port: int, *, auth: bool) -> dict[str, str]:
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true" if auth else "false",
        "MINISTACK_REGION": os.environ.get("AWS_REGION", "us-east-1"),
        "LAMBDA_EXECUTOR": "local",
        # AWS's own account limit; how many really run at once is the worker cap's business.
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
        # Listeners of services the project does not use, on ports others may hold.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


if __name__ == "__main__":
    main()
