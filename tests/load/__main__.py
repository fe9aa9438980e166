"""`make load`: requests a second, p50 and p95 through each door at 1, 8 and 32 clients, in one run.

python -m tests.load [--requests 64] [--clients 1,8,32] [--doors api,…] [--running]
                     [--messages 1000] [--prompts 1000,10000]

Then a burst of messages through the queue, and files of prompts through the batch; 0 leaves it out.

Exits 1 where a request had no answer. All of it runs on this machine, the emulator as well: the
figures compare doors with each other, and say nothing of how many a second AWS takes.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

import pytest
from rich.console import Console
from rich.table import Table

from local import cloud
from local.deployment import Deployment, deploy, existing
from tests.load import bulk
from tests.load.doors import DOORS
from tests.load.measure import Measured, measure

FOLDER = cloud.ROOT / "build" / "load"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--requests", type=int, default=64, help="a door and number of clients")
    parser.add_argument("--clients", default="1,8,32", help="at a time")
    parser.add_argument("--doors", default=",".join(DOORS), help="which, in this order")
    parser.add_argument("--messages", default="1000", help="of a burst; several with commas")
    parser.add_argument("--prompts", default="1000,10000", help="of a file; several with commas")
    parser.add_argument("--running", action="store_true", help="use the cloud of `make up`")
    chosen = parser.parse_args(arguments)
    if chosen.running:
        found = cloud.running()
        if found is None:
            print("no cloud is running: make up, or leave --running out", file=sys.stderr)
            return 2
        return _load(existing(found), chosen)
    started = cloud.start(folder=FOLDER)
    try:
        return _load(deploy(started, _say, FOLDER / "terraform"), chosen)
    finally:
        cloud.stop(started, folder=FOLDER)


def _load(deployment: Deployment, chosen: argparse.Namespace) -> int:
    loads = [int(text) for text in chosen.clients.split(",")]
    measured: list[Measured] = []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in deployment.cloud.env().items():
            patch.setenv(name, value)
        for door in chosen.doors.split(","):
            ask = DOORS[door](deployment)
            _say(f"{door}: warming up")
            measure(door, ask, max(loads), _prompts(f"{door} warm", max(loads)))
            for clients in loads:
                prompts = _prompts(f"{door} {clients}", max(chosen.requests, clients))
                measured.append(measure(door, ask, clients, prompts))
                _say(f"{door}: {clients} clients done")
    Console(width=110).print(_table(measured))
    ran = []
    for kind, counts in ((bulk.burst, chosen.messages), (bulk.file, chosen.prompts)):
        for count in _counts(counts):
            ran.append(kind(deployment, count))
            _say(f"{ran[-1].door}: {count} prompts done")
    Console(width=110).print(bulk.table_of(ran))
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "load.json").write_text(json.dumps(_as_json(measured, ran), indent=2) + "\n")
    failures = [reason for each in measured for reason in each.failed]
    failures += [f"not all of {each}" for each in ran if not each.is_whole]
    for reason in failures[:5]:
        _say(f"no answer: {reason}")
    return 1 if failures else 0


def _counts(text: str) -> list[int]:
    return [int(count) for count in text.split(",") if int(count)]


def _prompts(run: str, count: int) -> list[str]:
    return [f"What is the capital of France? ({run}, {number})" for number in range(count)]


def _table(measured: list[Measured]) -> Table:
    table = Table("door", "clients", "requests", "req/s", "p50 s", "p95 s", "over the simulator s")
    base = {each.clients: each.p50 for each in measured if each.door == "simulator"}
    for each in measured:
        beside = base.get(each.clients)
        over = each.p50 - beside if each.p50 is not None and beside is not None else None
        table.add_row(
            each.door,
            str(each.clients),
            f"{len(each.seconds)}" + (f", {len(each.failed)} failed" if each.failed else ""),
            f"{each.per_second:.1f}",
            *("–" if figure is None else f"{figure:.3f}" for figure in (each.p50, each.p95, over)),
        )
    return table


def _as_json(measured: list[Measured], ran: list[bulk.Ran]) -> dict[str, object]:
    return {
        "doors": [
            {
                "door": each.door,
                "clients": each.clients,
                "answered": len(each.seconds),
                "failed": len(each.failed),
                "per_second": each.per_second,
                "p50_s": each.p50,
                "p95_s": each.p95,
            }
            for each in measured
        ],
        "bulk": [asdict(each) for each in ran],
    }


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
