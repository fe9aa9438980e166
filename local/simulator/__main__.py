"""Starts the provider simulator: `python -m local.simulator --port 4600`."""

import argparse
import signal
import threading
from pathlib import Path

from local import cloud_time
from local.lifeline import follow_parent
from local.simulator.server import Simulator
from local.simulator.upstream import UpstreamError, configured


def main() -> None:
    """Serve until SIGTERM, Ctrl-C, or, under `--follow-parent`, the parent's end."""
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port to listen on")
    parser.add_argument("--follow-parent", action="store_true", help="end when stdin closes")
    parser.add_argument("--time", type=Path, help="file with the cloud's time; else the wall's")
    options = parser.parse_args()
    cloud_time.follow(options.time)
    if options.follow_parent:
        follow_parent()
    try:
        upstream = configured()
    except UpstreamError as error:
        raise SystemExit(str(error)) from None
    with Simulator(options.port, upstream) as server:
        # shutdown() waits for the loop below, so it must not run in this thread.
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever(poll_interval=0.05)


if __name__ == "__main__":
    main()
