"""``forget``: deletes the texts of a request or a tenant wherever they are stored."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from cost_calculator.cli.arguments import UsageError, day, request_id, tenant
from cost_calculator.cli.deployment import open_deployment
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, client, table_name
from cost_calculator.clock import iso, now
from cost_calculator.row_keys import DEFAULT_TENANT, key_of
from router.aws.dead_letters import DeadLetters
from router.aws.erasure_store import TextStore
from router.operations.erase import BEYOND_REACH, Forgotten, forget_request, forget_tenant
from router.operations.erase_batches import erase_in_batches
from router.operations.erase_messages import erase_letters


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--request-id",
        type=request_id,
        metavar="ID",
        help="one request; without it all of a tenant",
    )
    parser.add_argument(
        "--tenant",
        type=tenant,
        metavar="NAME",
        help=f"whose requests; with --request-id the tenant it belongs to ({DEFAULT_TENANT})",
    )
    parser.add_argument(
        "--before", type=day, metavar="DAY", help="with --tenant: accepted before this UTC day"
    )
    parser.add_argument("--dry-run", action="store_true", help="count, and delete nothing")
    parser.add_argument(
        "--answers-bucket", metavar="NAME", help="default: ANSWERS_BUCKET, or the deployment's own"
    )
    add_json_argument(parser, "as without it")
    add_table_arguments(parser, ("usage",))


def run(arguments: argparse.Namespace) -> int:
    """Print what was deleted as JSON; return 1 if requests still ran and were left alone."""
    if not (arguments.request_id or arguments.tenant):
        raise UsageError("say what to forget: write --request-id ID, --tenant NAME, or both")
    if arguments.before and arguments.request_id:
        raise UsageError("write --before with --tenant alone: a request has one id")
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
    tenant, request_id = arguments.tenant or DEFAULT_TENANT, arguments.request_id
    if request_id:
        done = forget_request(texts, key_of(tenant, request_id), now(), rehearsal=rehearsal)
    else:
        before = iso(arguments.before) if arguments.before else None
        done = forget_tenant(texts, tenant, before, now(), rehearsal=rehearsal)
    if arguments.before:
        return done  # files and letters have no time of their own
    files = erase_in_batches(texts, tenant, request_id, rehearsal=rehearsal)
    letters = 0
    if url := open_deployment(arguments).dead_letter_queue_url:
        queue = DeadLetters(client(arguments, "sqs"), url)
        letters = erase_letters(queue, tenant, request_id, rehearsal=rehearsal)
    return done + Forgotten(batch_files=files, dead_letters=letters)


def _texts(arguments: argparse.Namespace) -> TextStore:
    table = table_name(arguments, "usage")
    bucket = arguments.answers_bucket or open_deployment(arguments).answers_bucket
    return TextStore(client(arguments, "dynamodb"), table, client(arguments, "s3"), bucket)
