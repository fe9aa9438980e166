"""The ports of the HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router.errors import RequestError
from router.executions.start import Executions

Rows = Mapping[str, Mapping[str, Any]]


class Store(Protocol):
    def rows_of(self, key: str) -> Rows: ...

    def request_of(self, key: str) -> Mapping[str, Any] | None: ...

    def requests_at(self, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any] | None]: ...


@dataclass(frozen=True, slots=True)
class ApiContext:
    """The ports of the HTTP API; times are seconds.

    ``text_at`` reads an ``s3://`` address: ``None`` for a text that has expired. It raises
    ``StoreUnavailable`` where it cannot be read now. ``keep`` stores the payload of a request's key
    and returns its address. A text may take ``input_bytes_limit``, all of a request with its
    files ``payload_bytes_limit``. ``over_budget`` returns the refusal of a tenant that has nothing
    left to spend, as far as it is known without a run.
    """

    store: Store
    executions: Executions
    text_at: Callable[[str], str | None]
    keep: Callable[[str, bytes], str]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    now: Callable[[], datetime]
    input_bytes_limit: int
    payload_bytes_limit: int
    store_text: bool
    over_budget: Callable[[str], RequestError | None] = lambda _tenant: None
