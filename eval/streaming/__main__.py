"""Measures what the function adds to a streamed answer, beside LiteLLM's proxy.

    python -m eval.streaming --litellm .venv-bench/bin/litellm

Both stand before the same simulated model, in one run, and take turns: 1, 8 and 32 callers at a
time, each with its next request when it has an answer. What is added is the median time to the
first token, less the simulator's own at as many callers. The function has a process a stream, as on
Lambda; the proxy has one worker. Exit 1 if the processor time of a request, or what is added at one
caller without the waits for the emulated DynamoDB, is not below the proxy's.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from eval.streaming.function_side import function
from eval.streaming.http_side import HttpSide, litellm_proxy, wait_until_up
from eval.streaming.measure import CALLERS, Measured, measure
from eval.streaming.side import Side
from local import cloud, cloud_time
from local.deployment import API_KEY
from local.isolation import isolate
from local.processes import end, spawn


def main() -> int:
    """Measure, print the tables, and answer whether the gates hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--litellm", type=Path, required=True, help="the program of its proxy")
    parser.add_argument("--requests", type=int, default=32, help="of a turn (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="of turns (%(default)s)")
    options = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        print("what streaming adds: left out, since it reads Linux's /proc")
        return 0
    isolate()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        running = cloud.start(folder=folder / "cloud")
        stack.callback(cloud.stop, running, folder=folder / "cloud")
        cloud_time.follow(None)  # figures are of the wall
        port = stack.enter_context(simulator(folder))
        sides: list[Side] = [
            HttpSide("the simulator", port, API_KEY, []),
            stack.enter_context(function(running, port, folder, CALLERS[-1])),
            stack.enter_context(litellm_proxy(options.litellm.absolute(), port, API_KEY, folder)),
        ]
        found = measure(sides, port, options.requests, options.rounds)
    alone, ours, theirs = (found[side.name] for side in sides)
    show(alone, {side.name: found[side.name] for side in sides[1:]})
    return 0 if gates_hold(alone, ours, theirs) else 1


@contextmanager
def simulator(folder: Path) -> Iterator[int]:
    """Run a simulator that goes by the wall's time; the cloud's own goes by the cloud's."""
    port = cloud.free_port(0, "simulator")
    arguments = ["--port", str(port), "--follow-parent"]
    log = folder / "simulator.log"
    pid = spawn("local.simulator", arguments, cwd=cloud.ROOT, env=os.environ, log=log, detach=False)
    try:
        wait_until_up(f"http://127.0.0.1:{port}/_admin/health", pid, str(log))
        yield port
    finally:
        end([pid])


def show(alone: Measured, sides: dict[str, Measured]) -> None:
    """Print a line a side and number of callers, and one a side for the rest."""
    columns = ("first token ms", "added", "of it tables", "the rest", "CPU ms")
    print(f"{'':18}{'callers':>9}" + "".join(f"{column:>16}" for column in columns))
    for callers in CALLERS:
        own = alone.first_token(callers)
        print(f"{'the simulator':18}{callers:9}{own * 1000:16.1f}")
        for name, side in sides.items():
            added, waited = side.first_token(callers) - own, side.waited(callers)
            print(
                f"{name:18}{callers:9}{side.first_token(callers) * 1000:16.1f}"
                f"{added * 1000:16.1f}{waited * 1000:16.1f}{(added - waited) * 1000:16.1f}"
                f"{side.cpu_of_request(callers) * 1000:16.1f}"
            )
    for name, side in sides.items():
        print(
            f"{name}: {side.processes} process(es) of {side.idle_mb / side.processes:.0f} MB;"
            f" a stream takes {side.mb_of_stream:.1f} MB;"
            f" CPU per 1,000 tokens {side.cpu_of_1000_tokens * 1000:.0f} ms"
        )


def gates_hold(alone: Measured, ours: Measured, theirs: Measured) -> bool:
    """Say which gates do not hold, and return whether all do."""
    own = alone.first_token(1)
    gates = {
        "processor time of a request": (ours.cpu_of_request(1), theirs.cpu_of_request(1)),
        "added at one caller, without the tables": (
            ours.first_token(1) - own - ours.waited(1),
            theirs.first_token(1) - own,
        ),
    }
    for name, (mine, other) in gates.items():
        verdict = "holds" if mine < other else "DOES NOT HOLD"
        print(f"{name}: {mine / other:.2f} of the proxy's; the gate, below 1, {verdict}")
    return all(mine < other for mine, other in gates.values())


if __name__ == "__main__":
    raise SystemExit(main())
