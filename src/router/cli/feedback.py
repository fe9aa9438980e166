"""``feedback``: judge an answer, or export the verdicts as labels for ``calibrate``."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections import Counter

from cost_calculator.cli.tables import add_table_arguments, duration, dynamodb, open_store
from cost_calculator.clock import now
from cost_calculator.reports import days_between
from router.aws.feedback_store import FeedbackStore
from router.cli.whose import add_tenant_argument, request_key
from router.feedback import NOTE_BYTES, FeedbackRefused, judge, label


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    parser.add_argument(
        "request_id", help="of the answer to judge; or `export`: labels as JSONL {prompt, weak}"
    )
    parser.add_argument("verdict", nargs="?", choices=("good", "bad"), help="the last one stands")
    parser.add_argument(
        "--note", default="",
        help=f"why, {NOTE_BYTES} bytes at most; kept, and deleted, with the request's texts",
    )  # fmt: skip
    add_tenant_argument(parser)
    parser.add_argument("--by", default="", help="who says so (default: the user's name)")
    parser.add_argument(
        "--since", type=duration, default="30d", help="of `export`: accepted since (%(default)s)"
    )
    add_table_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    ledger = open_store(arguments)
    rows = FeedbackStore(dynamodb(arguments), arguments.usage_table)
    if arguments.verdict:
        try:
            judge(
                ledger,
                rows,
                request_key(arguments.tenant, arguments.request_id),
                arguments.verdict,
                by=arguments.by or getpass.getuser(),
                note=arguments.note,
                clock=now,
            )
        except FeedbackRefused as error:
            print(f"{arguments.request_id}: {error}", file=sys.stderr)
            return 1
        print(f"{arguments.request_id}: {arguments.verdict}")
        return 0
    if arguments.request_id != "export":
        print("say `good` or `bad` after the request id, or `export`", file=sys.stderr)
        return 2
    return export(rows, arguments)


def export(rows: FeedbackStore, arguments: argparse.Namespace) -> int:
    """Print a label for each verdict that teaches something; say how many do not, and why."""
    at = now()
    left_out: Counter[str] = Counter()
    labels = 0
    for request in rows.judged(days_between(at - arguments.since, at)):
        made = label(request, rows.row(request["request_id"], "CONTENT"))
        if isinstance(made, str):
            left_out[made] += 1
        else:
            labels += 1
            print(json.dumps(made, ensure_ascii=False))
    for reason, count in left_out.items():
        print(f"{count} left out: {reason}", file=sys.stderr)
    print(
        f"{labels} labels; `python -m router calibrate --labels FILE` reads them", file=sys.stderr
    )
    return 0
