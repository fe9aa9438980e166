"""Computes which quota or hot key bends first as requests a second grow, from one table.

``python -m eval.scale`` prints the table of ``docs/scale.md`` (a test compares the two), and
``--slots`` simulates the sums of one hot tenant. On paper: quotas are AWS's published defaults of
us-east-1, us-west-2 and eu-west-1; what a request takes of each follows from the module's design.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from math import ceil

from cost_calculator.budget_names import BUDGET_SHARDS
from cost_calculator.rows import SHARDS
from eval.conflicts import Actor, World

TARGET = 1_000  # requests a second

ANALYZE_SECONDS, RECORD_SECONDS, ANSWER_SECONDS = 0.05, 0.05, 3.0
TRANSACTION_SECONDS = 0.015
# A typical request with all its rows and indexes, as docs/cost-model.md computes it.
WRITE_UNITS = 24
# Indexes hold keys alone, so they are written when a row comes, changes its key or leaves.
BY_TENANT_UNITS = BY_DAY_UNITS = 1
WAITING_UNITS = 2
KEY_UNITS = 1_000  # that one partition key takes a second, in a table or an index
ROWS_TO_PRICE = 2


@dataclass(frozen=True, slots=True)
class Bound:
    """One quota or key: what a request takes of it, and what there is of it a second."""

    name: str
    a_request: float
    there_is: float
    module: str
    ask: str

    @property
    def rate(self) -> float:
        """Requests a second at which it bends."""
        return self.there_is / self.a_request


def bounds() -> list[Bound]:
    """Return every bound, the one that bends first at the top."""
    lambdas = ANALYZE_SECONDS + RECORD_SECONDS
    found = [
        Bound(
            "one tenant with `rate`: its buckets' item", 1, 30,
            "a check of the plan warns", "nothing; leave `rate` out, a budget carries more",
        ),
        Bound(
            "a new table: write units at once", WRITE_UNITS, 4_000,
            "on demand: doubles by itself within 30 minutes of a peak",
            "`aws dynamodb update-table --warm-throughput` before the first day",
        ),
        Bound(
            "`POST /v1/prompts` that waits: Lambda concurrency",
            lambdas + 2 * ANSWER_SECONDS, 1_000,
            "a call that waits holds `api` as long as the model",
            "Lambda concurrency; or `?mode=async`",
        ),
        Bound(
            "one tenant: its key in `by-tenant`", BY_TENANT_UNITS, KEY_UNITS,
            "holds keys alone: one write a request",
            "nothing; give applications tenants of their own",
        ),
        Bound(
            "protocols of the HTTP API: concurrency of `converse`",
            lambdas + ANSWER_SECONDS,
            1_000,
            "`api.max_concurrent` bounds it; no execution starts",
            "Lambda concurrency: 3.1 for each request a second",
        ),
        Bound(
            "StartExecution, Standard", 1, 300, "a check of the plan warns; the queue waits",
            "StartExecution a second, or `EXPRESS` (6,000)",
        ),
        Bound(
            "models through Lambda: concurrency", lambdas + ANSWER_SECONDS, 1_000,
            "the queue and batches bound what runs at once; a check of the plan warns",
            "Lambda concurrency: 3.1 for each request a second",
        ),
        Bound(
            "one owner's budgets: their shards",
            TRANSACTION_SECONDS, BUDGET_SHARDS / 4,
            "64 shards, three of four idle (`python -m eval.budget_scale`)", "nothing",
        ),
        Bound(
            "SSM GetParameter: keys of Anthropic's API", ANSWER_SECONDS / 60, 40,
            "each process keeps a key for 60 s", "SSM's higher-throughput setting",
        ),
        Bound(
            "write units of one table", WRITE_UNITS, 40_000, "on demand",
            "write units of a table: 24 for each request a second",
        ),
        Bound(
            "`by-day`: its keys of a day", BY_DAY_UNITS, KEY_UNITS * SHARDS,
            f"{SHARDS} shards a day", "nothing",
        ),
        Bound(
            "`by-queue`: its keys PENDING", WAITING_UNITS, KEY_UNITS * SHARDS,
            f"{SHARDS} shards a status",
            "nothing",
        ),
        Bound(
            "state transitions, Standard", 3, 5_000, "three states a request",
            "StateTransition a second, or `EXPRESS` (none)",
        ),
        Bound(
            "KMS: the connection's secret, HTTP Task", 1, 5_500, "one decryption a call",
            "cryptographic operations a second",
        ),
        Bound(
            "models through the HTTP Task: concurrency", lambdas, 1_000,
            "no function waits for the model", "Lambda concurrency: 0.1 for each",
        ),
        Bound(
            "`price_rows`: rows of the stream", ROWS_TO_PRICE * TRANSACTION_SECONDS * 1.5 / 40,
            ceil(TARGET * WRITE_UNITS / KEY_UNITS),
            "one reader a shard of the stream, a batch at a time", "nothing",
        ),
    ]  # fmt: skip
    return sorted(found, key=lambda bound: bound.rate)


def table() -> str:
    """Return the bounds as docs/scale.md has them."""
    lines = [
        "| bends at | what | a request takes | there is | the module | ask AWS for |",
        "|--:|---|--:|--:|---|---|",
    ]
    for bound in bounds():
        rate = f"{bound.rate:,.0f}/s"
        lines.append(
            f"| {f'**{rate}**' if bound.rate < TARGET else rate} | {bound.name}"
            f" | {bound.a_request:,.3g} | {bound.there_is:,.0f} | {bound.module} | {bound.ask} |"
        )
    return "\n".join(lines)


@dataclass(slots=True)
class SlotsResult:
    """How the readers of a stream fared with one tenant's sums."""

    transactions: int = 0
    tries: int = 0
    latest: float = 0.0


def simulate_slots(
    rate: float, seconds: float, *, kept: bool, readers: int = 24, length: float = 30
) -> SlotsResult:
    """Let readers add up one tenant's rows in batches of a second.

    ``kept``: each stays in a slot until it meets another. Otherwise a batch writes all slots, as
    when a row's slot followed from its id.
    """
    world, result = World(seed=7), SlotsResult()
    rows = ROWS_TO_PRICE * rate / readers
    transactions = ceil(rows / 40)

    def reader() -> Actor:
        slot = world.random.randrange(SHARDS)
        yield world.random.uniform(0, 1)
        due = world.now
        while True:
            for _ in range(transactions):
                tries = 0
                while True:
                    result.tries += 1
                    items = {slot} if kept else set(range(SHARDS))
                    met = yield from world.transact(items, seconds * 1.5)
                    if not met:
                        break
                    slot = world.random.randrange(SHARDS)
                    yield world.wait(min(tries, 6))
                    tries += 1
                result.transactions += 1
            due += 1
            result.latest = max(result.latest, world.now - due)
            yield max(0.0, due - world.now)

    for _ in range(readers):
        world.start(reader())
    world.run(length)
    return result


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slots", action="store_true", help="simulate the sums of one hot tenant")
    if not parser.parse_args(arguments).slots:
        print(table())
        return 0
    for kept in (False, True):
        print("a slot for each writer" if kept else "all slots in a batch (before)")
        for milliseconds in (8, 15, 25):
            found = simulate_slots(TARGET, milliseconds / 1000, kept=kept)
            print(
                f"  {milliseconds:2} ms {TARGET}/s  {found.tries / found.transactions:6.2f} tries"
                f"  {found.latest:6.2f} s behind"
            )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
