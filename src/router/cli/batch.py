"""``batch``: a file of prompts through the deployed batch: submit, status, results."""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from cost_calculator.cli.arguments import whole
from cost_calculator.cli.options import add_deployment_arguments, add_json_argument
from router.cli import batch_report
from router.cli.batch_cloud import BatchCloud, Status
from router.cli.environment import configured
from router.ingress.batch.layout import InvalidBatch, checked_id
from router.ingress.batch.lines import BadLine, Line, Reader, blocks_of, kind_of

INPUT_BYTES_LIMIT = 131072
_SHOWN = 5
_OF_THE_DEPLOYMENT = "default: the deployment's own"
_JSON = {
    "submit": "print the estimate or the status as JSON",
    "status": "print JSON",
    "results": "as without it: JSON lines",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the commands and what they share."""
    commands = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, summary in (
        ("submit", "start a file and follow it; again, to do what is missing"),
        ("status", "show how far it is, and what it has cost"),
        ("results", "write its results as JSONL, in the order of the file"),
    ):
        command = commands.add_parser(name, help=summary, description=summary)
        command.add_argument("file", type=Path, help="JSONL or CSV; its content is the batch's id")
        command.add_argument(
            "--id", type=_batch_id, help="a batch id of your own (default: from the content)"
        )
        add_json_argument(command, _JSON[name])
        command.add_argument("--state-machine", metavar="ARN", help=_OF_THE_DEPLOYMENT)
        command.add_argument("--bucket", metavar="NAME", help=_OF_THE_DEPLOYMENT)
        add_deployment_arguments(command)
    submit, _, results = commands.choices.values()
    submit.add_argument("--dry-run", action="store_true", help="estimate the cost, start nothing")
    submit.add_argument(
        "--answer-tokens",
        type=whole(high=1_000_000, example=400),
        default=400,
        help="assumed by --dry-run (%(default)s)",
    )
    submit.add_argument("--no-wait", action="store_true", help="start it and return")
    results.add_argument("--output", type=Path, help="the file to write (default: stdout)")


def _batch_id(text: str) -> str:
    try:
        return checked_id(text)
    except InvalidBatch as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def run(arguments: argparse.Namespace) -> int:
    """Run the chosen command; exit with one line if it cannot."""
    try:
        kind_of(arguments.file.name)
        batch_id = arguments.id or _content_id(arguments.file)
        if arguments.action == "submit":
            return _submit(arguments, batch_id)
        cloud = BatchCloud.of(arguments)
        if arguments.action == "status":
            return _shown(arguments, cloud.status(batch_id))
        return _results(arguments, cloud, batch_id)
    except (InvalidBatch, OSError) as error:
        raise SystemExit(str(error)) from None


def _submit(arguments: argparse.Namespace, batch_id: str) -> int:
    if arguments.dry_run:
        return _dry_run(arguments, batch_id)
    bad, good = _counted(arguments.file, batch_id)
    _report_bad(bad)
    if not good:
        raise SystemExit("no line of the file can be run")
    cloud = BatchCloud.of(arguments)
    is_new = cloud.submit(batch_id, arguments.file)
    if not arguments.json:
        print(f"batch {batch_id}: {good:,} prompts {'started' if is_new else 'run already'}")
    if not arguments.no_wait:
        batch_report.follow(lambda: cloud.status(batch_id), good)
    elif not arguments.json:
        return 0
    return _shown(arguments, cloud.status(batch_id))


def _shown(arguments: argparse.Namespace, status: Status) -> int:
    print_it = batch_report.print_status_json if arguments.json else batch_report.print_status
    return print_it(status)


def _dry_run(arguments: argparse.Namespace, batch_id: str) -> int:
    from router.analyzer import load
    from router.ingress.batch.estimate import estimate

    config = configured(batch_report.configuration)
    with _lines(arguments.file, batch_id, config.input_bytes_limit) as lines:
        found = estimate(
            lines,
            load(None).classify,
            config,
            datetime.now(UTC),
            arguments.region or os.environ.get("AWS_REGION", ""),
            arguments.answer_tokens,
        )
    _report_bad(found.bad)
    if arguments.json:
        batch_report.print_estimate_json(found, arguments.answer_tokens)
    else:
        batch_report.print_estimate(found, arguments.answer_tokens)
    return 0 if found.prompts else 1


def _results(arguments: argparse.Namespace, cloud: BatchCloud, batch_id: str) -> int:
    manifest = cloud.manifest(batch_id)
    not_known = 0
    with _target(arguments.output) as target:
        for key in manifest["results"]:
            for line in cloud.text(key).splitlines():
                not_known += json.loads(line).get("cost_usd", 0) is None
                target.write(line + "\n")
    bad = [line for key in manifest["bad_lines"] for line in cloud.text(key).splitlines()]
    _report_bad([BadLine(**json.loads(line)) for line in bad])
    if not_known:
        print(f"{not_known} costs are not known yet: submit again reads them", file=sys.stderr)
    return 0


def _content_id(file: Path) -> str:
    with file.open("rb") as source:
        return "b" + hashlib.file_digest(source, "sha256").hexdigest()[:24]


def _counted(file: Path, batch_id: str) -> tuple[list[BadLine], int]:
    bad: list[BadLine] = []
    good = 0
    with _lines(file, batch_id, INPUT_BYTES_LIMIT) as lines:
        for line in lines:
            if isinstance(line, BadLine):
                bad.append(line)
            else:
                good += 1
    return bad, good


@contextmanager
def _lines(file: Path, batch_id: str, limit: int) -> Iterator[Iterator[Line | BadLine]]:
    with file.open("rb") as source:
        yield Reader(kind_of(file.name), batch_id, limit).read(blocks_of(source))


@contextmanager
def _target(output: Path | None) -> Iterator[IO[str]]:
    if output is None:
        yield sys.stdout
        return
    with output.open("w", encoding="utf-8") as target:
        yield target


def _report_bad(bad: list[BadLine]) -> None:
    for line in itertools.islice(bad, _SHOWN):
        print(f"line {line.number}: {line.reason}", file=sys.stderr)
    if bad:
        more = f" ({len(bad) - _SHOWN} more)" if len(bad) > _SHOWN else ""
        print(f"{len(bad)} bad lines are skipped{more}", file=sys.stderr)
