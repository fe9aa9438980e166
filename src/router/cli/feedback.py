"""``feedback``: judge an answer, or export the verdicts as labels for ``calibrate``."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections import Counter
from datetime import UTC, datetime

from cost_calculator.cli.tables import add_table_arguments, duration, dynamodb, open_store
from cost_calculator.reporting import days_between
from cost_calculator.store import LedgerStore
from router.feedback import NOTE_BYTES, FeedbackRefused, Verdict, check_note, judged, label
from router.feedback_store import FeedbackStore

_TRIES = 5


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
            judge(ledger, rows, arguments)
        except FeedbackRefused as error:
            print(f"{arguments.request_id}: {error}", file=sys.stderr)
            return 1
        print(f"{arguments.request_id}: {arguments.verdict}")
        return 0
    if arguments.request_id != "export":
        print("say `good` or `bad` after the request id, or `export`", file=sys.stderr)
        return 2
    return export(rows, arguments)


def judge(ledger: LedgerStore, rows: FeedbackStore, arguments: argparse.Namespace) -> None:
    """Put the verdict on the row and into the sums, both or neither; raise FeedbackRefused."""
    request_id: str = arguments.request_id
    check_note(arguments.note)
    if arguments.note and rows.row(request_id, "CONTENT") is None:
        raise FeedbackRefused("no note can be kept: its texts are gone or were never stored")
    by = arguments.by or getpass.getuser()
    verdict: Verdict = arguments.verdict
    for _ in range(_TRIES):
        change = judged(rows.row(request_id, "REQUEST"), verdict, by, datetime.now(UTC))
        outcome = ledger.commit([change])
        if outcome.written:
            break
        if outcome.failed:
            raise FeedbackRefused(f"not written: {', '.join(outcome.failed.values())}")
    else:
        raise FeedbackRefused("others judge it at the same time: try again")
    if arguments.note and not rows.note(request_id, arguments.note):
        raise FeedbackRefused("judged, without the note: its texts went meanwhile")


def export(rows: FeedbackStore, arguments: argparse.Namespace) -> int:
    """Print a label for each verdict that teaches something; say how many do not, and why."""
    now = datetime.now(UTC)
    left_out: Counter[str] = Counter()
    labels = 0
    for request in rows.judged(days_between(now - arguments.since, now)):
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
