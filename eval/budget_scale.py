"""Simulates how many requests a second one owner's budgets take, one design beside another.

``python -m eval.budget_scale``; part of ``make bench``. A model, not a measurement on AWS: a tenant
with a day's and a month's budget, Poisson arrivals that begin at once as at midnight, DynamoDB's
rule of conflicts (``eval.conflicts``), 8, 15 or 25 ms a transaction, and twenty readers of the
stream that charge what was accepted. The chosen design runs the product's own
``router.guards.budget_shards``; the others are as simple as they can be.

It fails if the chosen design loses more than a request in a thousand to conflicts, if it passes a
limit, or if it refuses requests while more is left than the margin that docs/guards.md states.
"""

from __future__ import annotations

import argparse
import random
from collections import deque
from decimal import Decimal

from cost_calculator.budget_names import BUDGET_SHARDS
from eval.budget_designs import DESIGNS, RESERVED, Design, Prepaid, Process, Result
from eval.conflicts import Actor, World

RATES = (30, 100, 300, 500)
TRANSACTION_MS = (8, 15, 25)
SMALL_LIMIT = Decimal(10)  # what runs at once wants thrice as much
_LOST = 0.001
_LEFT = BUDGET_SHARDS * RESERVED


def simulate(
    design: type[Design],
    rate: float,
    seconds: float,
    limit: Decimal | None = None,
    length: float = 30,
    readers: int = 20,
) -> Result:
    """Send ``rate`` requests a second for ``length`` seconds, and let them be charged.

    A ``limit`` is watched; without one there is more than they need.
    """
    random.seed(7)
    world = World(seed=7)
    running = design(world, seconds, limit or Decimal(10**6), watched=limit is not None)
    running.due = [deque() for _ in range(readers)]
    for number in range(readers):
        world.start(running.reader(number))
    idle: list[Process] = []

    def carried(process: Process) -> Actor:
        yield from running.request(process)
        idle.append(process)  # the last one to be free is the next to be used

    def arrivals() -> Actor:
        while world.now < length:
            world.start(carried(idle.pop() if idle else Process()))
            yield world.random.expovariate(rate)

    world.start(arrivals())
    world.run(length)
    return running.result


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--length", type=float, default=10, help="seconds simulated (%(default)s)")
    parser.add_argument("--design", default="", help="part of a design's name")
    given = parser.parse_args(arguments)
    print("out of tries | tries a request | 99 % accepted within | 99 % charged within")
    good = True
    for design in (one for one in DESIGNS if given.design in one.name):
        print(f"\n{design.name}")
        for milliseconds in TRANSACTION_MS:
            for rate in RATES:
                found = simulate(design, rate, milliseconds / 1000, length=given.length)
                print(f"  {milliseconds:2} ms {rate:4}/s  {_line(found)}")
                good &= design is not Prepaid or found.lost <= _LOST
    print(f"\nnear the limit: ${SMALL_LIMIT}, 500/s, {Prepaid.name}")
    for milliseconds in TRANSACTION_MS:
        found = simulate(Prepaid, 500, milliseconds / 1000, SMALL_LIMIT, given.length)
        print(
            f"  {milliseconds:2} ms  {found.accepted} accepted, {found.refused} refused,"
            f" {found.lost:.2%} out of tries; at most ${found.most_committed} committed,"
            f" ${found.most_left} left at a refusal"
        )
        good &= found.most_committed <= SMALL_LIMIT and found.most_left <= _LEFT
    return 0 if good else 1


def _line(found: Result) -> str:
    asked = max(1, found.accepted + found.refused + found.exhausted)
    accepted, charged = (_99th(seconds) for seconds in (found.waits, found.lags))
    return (
        f"{found.lost:7.2%}  {found.tries / asked:5.2f}"
        f"  {accepted * 1000:6.0f} ms  {charged:6.2f} s"
    )


def _99th(values: list[float]) -> float:
    return sorted(values)[len(values) * 99 // 100] if values else 0.0


if __name__ == "__main__":
    raise SystemExit(main())
