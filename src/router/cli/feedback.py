"""``feedback``: rate an answer, or export the ratings as labels for ``calibrate``."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections import Counter

from cost_calculator.cli.arguments import UsageError, duration, request_id
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, dynamodb, open_store, table_name
from cost_calculator.clock import now
from cost_calculator.reports import days_between
from cost_calculator.row_keys import key_of
from router.aws.feedback_store import FeedbackStore
from router.cli.whose import add_tenant_argument
from router.feedback import NOTE_BYTES, FeedbackRefused, judge, label


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "request_id",
        type=request_id,
        help="of the answer to rate; or `export`: labels as JSONL {prompt, weak}",
    )
    parser.add_argument("verdict", nargs="?", choices=("good", "bad"), help="the last one counts")
    parser.add_argument(
        "--note", default="",
        help=f"why, {NOTE_BYTES} bytes at most; stored and deleted with the request's texts",
    )  # fmt: skip
    add_tenant_argument(parser)
    parser.add_argument("--by", default="", help="who rates it (your user name)")
    parser.add_argument(
        "--since", type=duration, default="30d", help="of `export`: accepted since (%(default)s)"
    )
    add_json_argument(parser)
    add_table_arguments(parser, ("usage", "spend"))


def run(arguments: argparse.Namespace) -> int:
    if not arguments.verdict and arguments.request_id != "export":
        raise UsageError("write `good` or `bad` after the request id, or `export`")
    ledger = open_store(arguments)
    rows = FeedbackStore(dynamodb(arguments), table_name(arguments, "usage"))
    if arguments.verdict:
        try:
            written = judge(
                ledger,
                rows,
                key_of(arguments.tenant, arguments.request_id),
                arguments.verdict,
                by=arguments.by or getpass.getuser(),
                note=arguments.note,
                clock=now,
            )
        except FeedbackRefused as error:
            print(f"{arguments.request_id}: {error}", file=sys.stderr)
            return 1
        if arguments.note and not written.has_note:
            print(f"{arguments.request_id}: rated, without the note", file=sys.stderr)
        rated = {"request_id": arguments.request_id, "verdict": arguments.verdict}
        print(json.dumps(rated) if arguments.json else ": ".join(rated.values()))
        return 0
    return export(rows, arguments)


def export(rows: FeedbackStore, arguments: argparse.Namespace) -> int:
    """Print a label for each usable verdict; report how many are not usable, and why."""
    at = now()
    skipped: Counter[str] = Counter()
    labels = 0
    for request in rows.judged(days_between(at - arguments.since, at)):
        made = label(request, rows.row(request["request_id"], "CONTENT"))
        if isinstance(made, str):
            skipped[made] += 1
        else:
            labels += 1
            print(json.dumps(made, ensure_ascii=False))
    for reason, count in skipped.items():
        print(f"{count} skipped: {reason}", file=sys.stderr)
    print(f"{labels} labels; `faregate calibrate --labels FILE` reads them", file=sys.stderr)
    return 0
