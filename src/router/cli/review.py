"""``review``: lists what waits for a human, and carries the decision to the run that waits."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from cost_calculator.cli.arguments import request_id, tenant
from cost_calculator.cli.options import add_json_argument
from cost_calculator.cli.tables import add_table_arguments, client, table_name
from cost_calculator.row_keys import key_of, request_id_of
from cost_calculator.rows import SHARDS, Row
from router.aws.answers_bucket import AnswerStore
from router.aws.usage_table import UsageStore
from router.cli.whose import add_tenant_argument
from router.errors import StoreUnavailable
from router.review.decisions import (
    REVIEW,
    NotPossible,
    approval,
    edition,
    rejection,
    shown,
    waits,
)

_ALWAYS = "9999"  # sorts behind every time


def configure(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the drafts that wait, oldest first, as JSONL")
    listing.add_argument("--tenant", type=tenant, help="of this tenant alone")
    add_json_argument(listing, "as without it: JSON lines")
    add_table_arguments(listing, ("usage",))
    for name, summary in (
        ("show", "a prompt, its draft and what is wrong with it, as JSON"),
        ("approve", "make the draft the answer"),
        ("reject", "give no answer: the request fails with ReviewRejected"),
        ("edit", "make another text the answer; it must fit the request's schema"),
    ):
        action = actions.add_parser(name, help=summary)
        action.add_argument("request_id", type=request_id, help="as `review list` shows it")
        add_tenant_argument(action)
        if name == "edit":
            action.add_argument("file", help="holds the new answer; - is stdin")
        if name != "show":
            action.add_argument("--by", default=getpass.getuser(), help="who decides (%(default)s)")
            action.add_argument("--note", default="", help="why; kept on the REVIEW row")
        add_json_argument(action)
        add_table_arguments(action, ("usage",))


def run(arguments: argparse.Namespace) -> int:
    desk = ReviewDesk(partial(client, arguments), table_name(arguments, "usage"))
    try:
        return _ACTIONS[arguments.action](desk, arguments)
    except NotPossible as refused:
        print(refused, file=sys.stderr)
        return 1


class ReviewDesk:
    """A reviewer's reach: the table, the drafts, the runs that wait."""

    def __init__(self, client: Callable[[str], Any], usage_table: str) -> None:
        self._s3 = partial(client, "s3")
        self._store = UsageStore(client("dynamodb"), usage_table)
        self._runs = client("stepfunctions")

    def waiting(self) -> list[Row]:
        queues = (f"{REVIEW}#{shard}" for shard in range(SHARDS))
        rows = [row for queue in queues for row in self._store.queued(queue, _ALWAYS)]
        return sorted(rows, key=lambda row: str(row["queued_at"]))

    def rows_of(self, tenant: str, request_id: str) -> dict[str, Row]:
        rows = self._store.rows_of(key_of(tenant, request_id))
        if REVIEW not in rows:
            raise NotPossible(f"no draft of {request_id} waits: `review list` shows those that do")
        return rows

    def draft(self, review: Row) -> str:
        return self._text_at(review["draft_s3"], "draft")

    def request(self, review: Row) -> dict[str, Any]:
        """Return what was asked, as it was sent."""
        found = self._runs.describe_execution(executionArn=review["execution_arn"])
        asked: dict[str, Any] = json.loads(found["input"])
        if "payload_s3" in asked:
            asked = json.loads(self._text_at(asked["payload_s3"], "request"))
        return asked

    def schema(self, review: Row) -> Any:
        return self.request(review).get("response_schema")

    def _text_at(self, address: str, what: str) -> str:
        bucket = address.removeprefix("s3://").split("/", 1)[0]
        try:
            text = AnswerStore(self._s3, bucket).get(address)
        except StoreUnavailable as error:
            raise NotPossible(f"S3 does not give the {what}: {error}") from error
        if text is None:
            raise NotPossible(f"the {what} at {address} is gone")
        return text

    def look(self, review: Row) -> None:
        """Say that a reviewer has the draft before them: it may lie until the next look."""
        if not waits(review):
            return
        over = (self._runs.exceptions.TaskDoesNotExist, self._runs.exceptions.TaskTimedOut)
        try:
            self._runs.send_task_heartbeat(taskToken=review["task_token"])
        except over:
            pass  # the row says soon what became of it
        except ClientError as error:
            print(f"this look does not count: {error}", file=sys.stderr)

    def decide(self, review: Row, decision: dict[str, Any]) -> None:
        missing = (self._runs.exceptions.TaskDoesNotExist, self._runs.exceptions.TaskTimedOut)
        try:
            self._runs.send_task_success(
                taskToken=review["task_token"], output=json.dumps(decision, ensure_ascii=False)
            )
        except missing:
            raise NotPossible("nobody waits for it any more: `review show` says why") from None


def _list(desk: ReviewDesk, arguments: argparse.Namespace) -> int:
    for row in desk.waiting():
        if arguments.tenant in (None, row["tenant"]):
            print(json.dumps(_shown(row), default=str))
    return 0


def _show(desk: ReviewDesk, arguments: argparse.Namespace) -> int:
    rows = desk.rows_of(arguments.tenant, arguments.request_id)
    review = rows[REVIEW]
    desk.look(review)
    draft, schema = desk.draft(review), desk.schema(review)
    content = rows.get("CONTENT", {}).get("input")
    found = {
        **_shown(review),
        "input": json.loads(content) if content else None,
        "draft": draft,
        "response_schema": schema,
        "problems": _problems(draft, schema),
    }
    print(json.dumps(found, default=str, ensure_ascii=False, indent=2))
    return 0


def _approve(desk: ReviewDesk, arguments: argparse.Namespace) -> int:
    review = desk.rows_of(arguments.tenant, arguments.request_id)[REVIEW]
    decision = approval(review, desk.draft(review), arguments.by, arguments.note)
    return _decided(desk, review, decision, arguments)


def _reject(desk: ReviewDesk, arguments: argparse.Namespace) -> int:
    review = desk.rows_of(arguments.tenant, arguments.request_id)[REVIEW]
    return _decided(desk, review, rejection(review, arguments.by, arguments.note), arguments)


def _edit(desk: ReviewDesk, arguments: argparse.Namespace) -> int:
    review = desk.rows_of(arguments.tenant, arguments.request_id)[REVIEW]
    file = arguments.file
    text = (sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")).strip()
    decision = edition(review, text, arguments.by, arguments.note)
    if problems := _problems(text, desk.schema(review)):
        raise NotPossible("the new answer does not fit the schema: " + "; ".join(problems))
    return _decided(desk, review, decision, arguments)


def _decided(
    desk: ReviewDesk, review: Row, decision: dict[str, Any], arguments: argparse.Namespace
) -> int:
    desk.decide(review, decision)
    whose = request_id_of(review["request_id"])
    done = {"request_id": whose, **{name: decision[name] for name in ("decision", "by")}}
    in_words = f"{done['request_id']}: {done['decision']} by {done['by']}"
    print(json.dumps(done) if arguments.json else in_words)
    return 0


def _shown(review: Row) -> dict[str, Any]:
    return shown(review) | {"request_id": request_id_of(review["request_id"])}


def _problems(text: str, schema: Any) -> list[str]:
    if schema is None:
        return []
    from router.invocation.answer_schema import validate

    return [problem.message for problem in validate(text, schema).problems]


_ACTIONS: dict[str, Callable[[ReviewDesk, argparse.Namespace], int]] = {
    "list": _list,
    "show": _show,
    "approve": _approve,
    "reject": _reject,
    "edit": _edit,
}
