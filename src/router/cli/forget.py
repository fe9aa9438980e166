"""``forget``: removes the texts of a request or a tenant wherever they are stored."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime

from cost_calculator.cli.tables import add_table_arguments, client, table_name
from cost_calculator.clock import iso, now
from cost_calculator.row_keys import DEFAULT_TENANT
from router.aws.erasure_store import TextStore
from router.cli.whose import request_key
from router.operations.erase import BEYOND_REACH, Forgotten, forget_request, forget_tenant


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--request-id", metavar="ID", help="one request; without it, a tenant's all"
    )
    parser.add_argument(
        "--tenant", metavar="NAME", help=f"whose requests, or the one of (then: {DEFAULT_TENANT})"
    )
    parser.add_argument(
        "--before", type=_day, metavar="DAY", help="of a tenant, those accepted before this UTC day"
    )
    parser.add_argument("--dry-run", action="store_true", help="count, and remove nothing")
    parser.add_argument(
        "--answers-bucket", default=os.environ.get("ANSWERS_BUCKET"), metavar="NAME"
    )
    add_table_arguments(parser, ("usage",))


def run(arguments: argparse.Namespace) -> int:
    """Print what was removed as JSON; return 1 where requests still ran and were left alone."""
    if not (arguments.request_id or arguments.tenant):
        raise SystemExit("say what to forget: --request-id ID, --tenant NAME, or both")
    if arguments.before and arguments.request_id:
        raise SystemExit("--before goes with --tenant alone: a request has one id")
    done = _forget(_texts(arguments), arguments)
    print(json.dumps(asdict(done) | {"dry_run": arguments.dry_run}))
    if arguments.request_id and done == Forgotten():
        whose = f"of tenant {arguments.tenant or DEFAULT_TENANT}"
        print(f"no request {arguments.request_id} {whose} is stored, nor a text of it",
              file=sys.stderr)  # fmt: skip
    elif not arguments.dry_run:
        print("Not within reach:", *(f"- {place}" for place in BEYOND_REACH), sep="\n",
              file=sys.stderr)  # fmt: skip
    if done.running:
        print(f"{done.running} still run: stop them, or forget again later", file=sys.stderr)
    return int(done.running > 0)


def _forget(texts: TextStore, arguments: argparse.Namespace) -> Forgotten:
    rehearsal = arguments.dry_run
    if arguments.request_id:
        key = request_key(arguments.tenant or DEFAULT_TENANT, arguments.request_id)
        return forget_request(texts, key, now(), rehearsal=rehearsal)
    before = iso(arguments.before) if arguments.before else None
    return forget_tenant(texts, arguments.tenant, before, now(), rehearsal=rehearsal)


def _texts(arguments: argparse.Namespace) -> TextStore:
    table, bucket = table_name(arguments, "usage"), arguments.answers_bucket
    if not bucket:
        raise SystemExit("name the bucket: --answers-bucket NAME, or set ANSWERS_BUCKET")
    return TextStore(client(arguments, "dynamodb"), table, client(arguments, "s3"), bucket)


def _day(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("write a day such as 2026-11-21") from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
