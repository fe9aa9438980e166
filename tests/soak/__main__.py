"""`make soak N=2000`: exits 0 when nothing is lost and nothing is counted twice.

python -m tests.soak [--requests 2000] [--seed 1] [--minutes 30] [--running]
"""

from __future__ import annotations

import argparse
import sys

from local import cloud
from local.deployment import deploy, existing
from tests.local_cloud.simulator import Simulator
from tests.soak.audit import audit
from tests.soak.plan import asks
from tests.soak.run import soak

FOLDER = cloud.ROOT / "build" / "soak"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of requests, faults and disasters")
    parser.add_argument("--minutes", type=float, default=30, help="send nothing new after these")
    parser.add_argument("--running", action="store_true", help="use the cloud of `make up`")
    chosen = parser.parse_args(arguments)
    if chosen.running:
        found = cloud.running()
        if found is None:
            print("no cloud is running: make up, or leave --running out", file=sys.stderr)
            return 2
        return _soak(found, chosen)
    started = cloud.start(folder=FOLDER)
    try:
        return _soak(started, chosen)
    finally:
        cloud.stop(started, folder=FOLDER)


def _soak(running: cloud.Cloud, chosen: argparse.Namespace) -> int:
    deployment = (
        existing(running) if chosen.running else deploy(running, _say, FOLDER / "terraform")
    )
    before = len(Simulator(running.simulator_url).calls())
    ran = soak(deployment, asks(chosen.requests, chosen.seed), chosen.minutes * 60, _say)
    verdict = audit(deployment, ran, before)
    for line in (*verdict.summary, *verdict.findings, verdict.line):
        _say(line)
    return 1 if verdict.findings else 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
