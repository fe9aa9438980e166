"""The ``usage`` table as the router sees it: read, note an opinion once, record an end once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from cost_calculator.aws.error_codes import code_of
from cost_calculator.aws.items import from_item, to_item
from cost_calculator.aws.transactions import CONDITION_FAILED
from cost_calculator.aws.whole_rows import whole_rows
from cost_calculator.rows import OPEN, Row
from router.aws.dynamodb import dynamodb
from router.errors import StoreUnavailable
from router.llm_classifier.attempt_row import ASKED
from router.recording.record import Closing

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class UsageStore:
    """The ``usage`` table. Its attribute ``request_id`` holds a key; see ``row_keys``.

    A table deletes late: a text past its time is not shown.
    """

    _shows_expired = False

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def rows_of(self, key: str) -> dict[str, Row]:
        """Return all rows of a request by their ``item`` key."""
        try:
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="request_id = :id",
                ExpressionAttributeValues={":id": {"S": key}},
                ConsistentRead=True,
            )
            rows = [from_item(item) for page in pages for item in page["Items"]]
            return {row["item"]: row for row in rows if self._shows_expired or not _expired(row)}
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(type(error).__name__) from error

    def request_of(self, key: str) -> Row | None:
        """Return the REQUEST row as it was a moment ago: what a caller who waits looks at."""
        try:
            found = self._client.get_item(
                TableName=self._table, Key=to_item({"request_id": key, "item": "REQUEST"})
            )
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        return from_item(found["Item"]) if "Item" in found else None

    def requests_at(self, keys: Sequence[str]) -> dict[str, Row | None]:
        """Return what ``request_of`` does for each key, in one call.

        A key that DynamoDB had no capacity for is left out.
        """
        asked = [to_item({"request_id": key, "item": "REQUEST"}) for key in keys]
        try:
            answer: Any = self._client.batch_get_item(RequestItems={self._table: {"Keys": asked}})
        except (ClientError, BotoCoreError) as error:
            raise StoreUnavailable(type(error).__name__) from error
        left = (answer.get("UnprocessedKeys") or {}).get(self._table, {}).get("Keys", [])
        unread = {from_item(key)["request_id"] for key in left}
        rows = map(from_item, answer["Responses"].get(self._table, []))
        found = {row["request_id"]: row for row in rows}
        return {key: found.get(key) for key in keys if key not in unread}

    def queued(self, queue: str, before: str) -> Iterator[Row]:
        """Yield the rows on a work queue that were put there before a time, oldest first, as they
        are now.
        """
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="by-queue",
            KeyConditionExpression="#queue = :queue AND queued_at < :before",
            ExpressionAttributeNames={"#queue": "queue"},
            ExpressionAttributeValues={":queue": {"S": queue}, ":before": {"S": before}},
        )
        for page in pages:
            yield from whole_rows(self._client, self._table, page["Items"])

    def record_opinion(
        self, request: Row, routed: Mapping[str, Any], outcome: Mapping[str, Any]
    ) -> bool:
        """Write what became of the classifier's call and the route that follows, both or neither.

        Return ``False`` if another try has written an outcome, or the request is closed.
        """
        updates = [self._update_unchanged(request, routed), self._update_asked(request, outcome)]
        return not self._refused(updates)

    def record(self, closing: Closing) -> bool:
        """Write the end of a run, all of it or nothing.

        Return whether this call or an earlier try of it has written the end; ``False`` means that
        another writer closed the request, or that another run owns it. Raise ``StoreUnavailable``
        if the result is unknown: the call may be repeated.
        """
        actions = [self._close_request(closing), *map(self._put_attempt, closing.attempts)]
        if closing.review:
            actions.append(self._decide_review(closing))
        for row in (closing.answer, closing.cached):
            if row is not None:
                actions.append({"Put": {"TableName": self._table, "Item": to_item(row)}})
        if not (refused := self._refused(actions)):
            return True
        if 0 in refused:
            if closing.has_text and _is_open_but_forgotten(closing, refused[0]):
                # Its texts were erased meanwhile: the money is recorded nevertheless.
                return self.record(closing.without_text())
            return _is_recorded(closing, refused[0])
        raise StoreUnavailable("a row was written meanwhile: read and write again")

    def add_attempts(self, request: Row, attempts: Sequence[Row], total: int) -> bool:
        """Add attempts to a request that is closed, and stays so; return whether it was done."""
        changes = [self._update_unchanged(request, {"attempts": total})]
        return not self._refused([*changes, *map(self._put_attempt, attempts)])

    def note_attempt(
        self, key: str, execution_arn: str, attempt: Row, changes: Mapping[str, Any]
    ) -> bool:
        """Write an attempt of a run that goes on, with what changes in its REQUEST row.

        Return ``False`` if the request is closed, or another run's. If the attempt is there, an
        earlier try of this call has written both.
        """
        update = self._update(key, "REQUEST", changes)
        self._while_open(update, execution_arn)
        return 0 not in self._refused([{"Update": update}, self._put_attempt(attempt)])

    def ask_reviewer(self, key: str, execution_arn: str, review: Row) -> bool:
        """Put a draft on the reviewers' list; return ``False`` if the request is closed."""
        # The sweep sees it again when nobody may decide any more.
        waits = {"status": "PENDING_REVIEW", "queued_at": review["decide_before"]}
        update = self._update(key, "REQUEST", waits)
        self._while_open(update, execution_arn)
        put = {"TableName": self._table, "Item": to_item(review)}
        return not self._refused([{"Update": update}, {"Put": put}])

    def _close_request(self, closing: Closing) -> dict[str, Any]:
        update = self._update(closing.request_id, "REQUEST", closing.request)
        self._while_open(update, closing.execution_arn)
        if closing.has_text:
            update["ConditionExpression"] += " AND attribute_not_exists(forgotten_at)"
        # As it is then, the row says whether an earlier try has closed it.
        update["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return {"Update": update}

    def _while_open(self, update: dict[str, Any], execution_arn: str) -> None:
        update["ConditionExpression"] = (
            "#status IN (:accepted, :waiting) AND execution_arn = :execution"
        )
        accepted, waiting = OPEN
        update["ExpressionAttributeNames"]["#status"] = "status"
        update["ExpressionAttributeValues"] |= to_item(
            {":accepted": accepted, ":waiting": waiting, ":execution": execution_arn}
        )

    def _put_attempt(self, row: Row) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self._table,
                "Item": to_item(row),
                "ConditionExpression": "attribute_not_exists(outcome)",
            }
        }

    def _decide_review(self, closing: Closing) -> dict[str, Any]:
        update = self._update(closing.request_id, "REVIEW", closing.review)
        update["UpdateExpression"] += " REMOVE #queue, queued_at, task_token"
        update["ExpressionAttributeNames"]["#queue"] = "queue"
        return {"Update": update}

    def _update_unchanged(self, request: Row, changes: Mapping[str, Any]) -> dict[str, Any]:
        update = self._update(request["request_id"], "REQUEST", changes)
        update["ConditionExpression"] = "#status = :before AND execution_arn = :execution"
        update["ExpressionAttributeNames"]["#status"] = "status"
        update["ExpressionAttributeValues"] |= to_item(
            {":before": request["status"], ":execution": request["execution_arn"]}
        )
        return {"Update": update}

    def _update_asked(self, request: Row, changes: Mapping[str, Any]) -> dict[str, Any]:
        update = self._update(request["request_id"], ASKED, changes)
        update["ConditionExpression"] = (
            "attribute_exists(request_id) AND attribute_not_exists(outcome)"
        )
        return {"Update": update}

    def _update(self, key: str, item: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        names = {f"#{index}": name for index, name in enumerate(changes)}
        return {
            "TableName": self._table,
            "Key": to_item({"request_id": key, "item": item}),
            "UpdateExpression": "SET " + ", ".join(f"{n} = :{n[1:]}" for n in names),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item({f":{n[1:]}": changes[names[n]] for n in names}),
        }

    def _refused(self, actions: list[dict[str, Any]]) -> dict[int, Row]:
        """Write all actions or none; return the places of those whose condition did not hold.

        Each with its item as it is, if the action asks for that.
        """
        try:
            self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
        except ClientError as error:
            reasons: Sequence[Any] = error.response.get("CancellationReasons", ())
            failed = {
                place: from_item(reason.get("Item") or {})
                for place, reason in enumerate(reasons)
                if reason.get("Code") == CONDITION_FAILED
            }
            if failed:
                return failed
            raise StoreUnavailable(code_of(error)) from error
        except BotoCoreError as error:
            raise StoreUnavailable(type(error).__name__) from error
        return {}


def _expired(row: Row) -> bool:
    return "expires_at" in row and int(row["expires_at"]) <= time.time()


def _is_open_but_forgotten(closing: Closing, row: Row) -> bool:
    """Return whether nothing but the erasure of its texts keeps a run from closing its request."""
    is_own = row.get("execution_arn") == closing.execution_arn
    return is_own and row.get("status") in OPEN and "forgotten_at" in row


def _is_recorded(closing: Closing, row: Row) -> bool:
    """Return whether a REQUEST row is closed as ``closing`` would close it."""
    same = ("status", "ended_at", "attempts")
    return row.get("execution_arn") == closing.execution_arn and all(
        row.get(name) == closing.request[name] for name in same
    )


@lru_cache(maxsize=1)
def usage_store() -> UsageStore:
    """Return the store of this function's environment, made once a process."""
    return UsageStore(dynamodb(), os.environ["USAGE_TABLE"])
