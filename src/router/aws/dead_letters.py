"""A dead-letter queue as ``forget`` sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

# Long enough to look at all of them before the first comes back.
_HIDDEN_SECONDS = 120
_A_CALL = 10


class DeadLetters:
    """Every message once; those that are not deleted come back at the end."""

    def __init__(self, client: Any, queue_url: str) -> None:
        self._client = client
        self._url = queue_url

    def receive_all(self) -> Iterator[tuple[str, str]]:
        """Yield body and receipt of each message that is there now."""
        seen: dict[str, str] = {}
        try:
            while fresh := [each for each in self._receive() if each["MessageId"] not in seen]:
                for each in fresh:
                    seen[each["MessageId"]] = each["ReceiptHandle"]
                    yield each["Body"], each["ReceiptHandle"]
        finally:
            for receipt in seen.values():
                self._show(receipt)

    def delete(self, receipt: str) -> None:
        """Delete a message."""
        self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)

    def _receive(self) -> list[Any]:
        found = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=_A_CALL,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=1,
        )
        return list(found.get("Messages", []))

    def _show(self, receipt: str) -> None:
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0
            )
        except ClientError:
            return  # it was deleted, or is visible again already
