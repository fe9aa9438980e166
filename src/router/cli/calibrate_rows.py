"""The rows that ``calibrate`` learns from: those of a file, or of the deployment's own requests."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path

from cost_calculator.cli.tables import dynamodb, table_name
from cost_calculator.clock import now
from router.analyzer.calibration import Outcome
from router.cli.jsonl import BadLine, lines, parse
from router.learning.evidence import SOURCES, evidence_of
from router.learning.seen import Seen

_FURTHER = ("CONTENT", "DUPLICATE")


@dataclass(slots=True)
class Rows:
    """Rows to learn from, where they are from, and the requests that they are from."""

    outcomes: list[Outcome]
    sources: dict[str, int]
    bad: list[str] = field(default_factory=list)
    assumed_rows: int = 0
    assumed: float = 1.0
    skipped: dict[str, int] = field(default_factory=dict)
    requests: list[Seen] = field(default_factory=list)


def of_a_file(path: Path) -> Rows:
    """Return the rows of a JSONL file; bad lines are reported."""
    outcomes, assumed, bad = read(path)
    return Rows(outcomes, {"labels": len(outcomes)}, bad, assumed)


def of_the_deployment(args: argparse.Namespace) -> Rows:
    """Return the rows that requests of the time make."""
    from router.aws.accepted_since import accepted_since, with_attempts

    client, table = dynamodb(args), table_name(args, "usage")
    found = accepted_since(client, table, now() - args.since)
    requests = list(with_attempts(client, table, found, _FURTHER))
    learned = evidence_of(requests, args.sources or SOURCES)
    counts = dict(learned.counts)
    return Rows(
        learned.outcomes,
        counts,
        assumed_rows=len(learned.rows) - counts.get("duplicates", 0),
        assumed=learned.assumed,
        skipped=dict(learned.skipped),
        requests=requests,
    )


def read(path: Path) -> tuple[list[Outcome], int, list[str]]:
    """Return the outcomes, how many lacked ``strong``, and what is wrong with the other lines."""
    rows: list[Outcome] = []
    bad: list[str] = []
    assumed = 0
    with path.open("rb") as source:
        for number, line in lines(source):
            try:
                row = parse(line)
                prompt = row.get("prompt")
                if not isinstance(prompt, str):
                    raise BadLine('"prompt" is missing or no string')
                strong, weak = _number(row.get("strong", 1.0)), _number(row.get("weak"))
                assumed += "strong" not in row
                rows.append(Outcome(prompt, strong, weak))
            except BadLine as error:
                bad.append(f"{path}:{number}: {error}")
    return rows, assumed, bad


def _number(value: object) -> float:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    if not known or not abs(number := float(str(value))) < float("inf"):
        raise BadLine('"strong" and "weak" must be finite numbers, such as 1 and 0.5')
    return number
