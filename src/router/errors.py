"""The errors of Faregate; each class name is an ``ErrorEquals`` name of the workflow.

RouterError
├── RequestError            never accepted; the caller must fix the request
│   ├── InvalidRequest
│   ├── PolicyDenied
│   ├── Conflict
│   ├── BudgetExceeded
│   └── RateLimited         the workflow waits and asks again, up to a limit
├── StoreUnavailable        a table, S3 or the history did not answer; safe to repeat
├── AnswerNotRecorded       a call was answered and its rows were not written: write them again
├── RequestClosed           another writer has ended the request: nothing is left to do
└── CallError               a model call without an answer; has its outcome
    ├── NotBilled           safe to send again
    │   ├── Throttled
    │   ├── Overloaded
    │   └── Unreachable
    ├── Rejected            permanent: sending it again cannot help
    │   ├── InvalidModelRequest
    │   ├── ContextTooLong
    │   ├── AccessDenied
    │   ├── QuotaExhausted  the account's quota, not its rate: waiting a few seconds cannot help
    │   └── ModelNotFound
    ├── MaybeBilled         no usage came back, yet it may be on the bill
    │   ├── ModelTimeout
    │   └── ModelError
    └── NoAnswer            billed, but without an answer in its body
        ├── Refused
        ├── Filtered
        ├── Blocked
        ├── BadResponse
        ├── AnswerNotStored
        ├── InvalidAnswer
        ├── BelowConfidence
        └── ReviewRequired
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


class RouterError(Exception):
    """Something Faregate could not do; the message explains what to do about it."""


class RequestError(RouterError):
    """The request cannot be accepted as it is."""


class InvalidRequest(RequestError):
    """A field of the request is missing, unknown or out of bounds."""


class PolicyDenied(RequestError):
    """The tenant's rules leave no model that may serve the request."""


class Conflict(RequestError):
    """The request id was used before with another payload."""


class BudgetExceeded(RequestError):
    """A budget has no room for what the request may cost; ``owner`` is its tenant, or ``*``.

    ``percent`` of the budget would be used with it.
    """

    def __init__(self, message: str, owner: str, percent: float) -> None:
        super().__init__(message)
        self.owner = owner
        self.percent = percent


class RateLimited(RequestError):
    """The tenant sends more than it may in a minute; ``retry_after`` is in seconds.

    An execution's cause is text, so the message carries the number, and ``seconds_in`` reads it.
    """

    _SECONDS = re.compile(r"retry after (\d+) s$")

    def __init__(self, tenant: str, retry_after: int) -> None:
        super().__init__(
            f"tenant {tenant} sends more than it may in a minute: retry after {retry_after} s"
        )
        self.tenant = tenant
        self.retry_after = retry_after

    @classmethod
    def seconds_in(cls, message: str) -> int | None:
        """Return ``retry_after`` of the error with this message."""
        found = cls._SECONDS.search(message)
        return int(found[1]) if found else None


class StoreUnavailable(RouterError):
    """A table, a bucket or a run's history did not answer; nothing was decided, so try again.

    ``contended`` if it answers, and others write to the same items or a limit was reached.
    """

    def __init__(self, message: str, *, contended: bool = False) -> None:
        super().__init__(message)
        self.contended = contended


class AnswerNotRecorded(RouterError):
    """A model answered, and the table did not take the rows; the message is the attempt's JSON.

    The answer is kept in S3, so that only the write is repeated, never the call.
    """


class RequestClosed(RouterError):
    """Another writer has closed the request, or another run owns it."""


class CallError(RouterError):
    """A model call that ended without an answer.

    ``usage`` is the provider's own object, if one came back: a failed call may still be billed.
    ``draft_s3`` is the address of a withheld answer. ``input_bytes`` counts the bytes sent, if they
    are more than the request. ``mode`` is the service tier that the provider reports.
    ``guardrail_units`` are the units billed for a guardrail, by policy. ``altered`` if characters
    of a withheld answer were replaced.
    """

    outcome: str

    def __init__(
        self,
        detail: str = "",
        *,
        usage: Mapping[str, Any] | None = None,
        response_model: str | None = None,
        draft_s3: str | None = None,
        mode: str | None = None,
        guardrail_units: Mapping[str, int] | None = None,
        altered: bool = False,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.altered = altered
        self.guardrail_units = guardrail_units
        self.usage = usage
        self.response_model = response_model
        self.draft_s3 = draft_s3
        self.mode = mode
        self.input_bytes: int | None = None


class NotBilled(CallError):
    """The provider did not start the call."""


class Throttled(NotBilled):
    """The provider's rate limit or quota was reached (429)."""

    outcome = "THROTTLED"


class Overloaded(NotBilled):
    """The provider had no capacity (503, 529, model not ready)."""

    outcome = "OVERLOADED"


class Unreachable(NotBilled):
    """No connection was made, so nothing was sent."""

    outcome = "UNREACHABLE"


class Rejected(CallError):
    """The provider refused the call for a reason that stays."""

    outcome = "REJECTED"


class InvalidModelRequest(Rejected):
    """The provider found the call malformed (400)."""


class ContextTooLong(Rejected):
    """The prompt does not fit the model; a model with a larger window may take it."""


class AccessDenied(Rejected):
    """The key or role may not call the model (401, 403), or its account has no credit (402)."""


class QuotaExhausted(Rejected):
    """A quota of the account is used up for the day or month, or is below this one request."""


class ModelNotFound(Rejected):
    """The provider does not have the model, or has retired it (404)."""


class MaybeBilled(CallError):
    """The call was sent and no usage came back."""

    outcome = "UNKNOWN"


class ModelTimeout(MaybeBilled):
    """The answer did not come in time."""


class ModelError(MaybeBilled):
    """The provider failed on its side (500, 502, 504), or the connection broke after sending."""


class NoAnswer(CallError):
    """The call succeeded on the wire, but its body has no answer."""


class Refused(NoAnswer):
    """The model declined to answer."""

    outcome = "REFUSED"


class Filtered(NoAnswer):
    """The provider's content filter withheld the answer."""

    outcome = "FILTERED"


class Blocked(NoAnswer):
    """A guardrail of the account withheld the answer."""

    outcome = "BLOCKED"


class BadResponse(NoAnswer):
    """The body is not what the provider's API promises: HTML, half a body, no choices, no text."""

    outcome = "BAD_RESPONSE"


class AnswerNotStored(NoAnswer):
    """The answer is too large for the workflow, and S3 did not take it."""

    outcome = "BAD_RESPONSE"


class InvalidAnswer(NoAnswer):
    """The answer does not fit the request's schema."""

    outcome = "INVALID_ANSWER"


class BelowConfidence(NoAnswer):
    """The answer's own confidence is below the band that may reach a caller."""

    outcome = "OK"


class ReviewRequired(NoAnswer):
    """The answer waits for a human; the call itself went well."""

    outcome = "OK"

    def __init__(self, detail: str = "", *, truncated: bool = False, **facts: Any) -> None:
        super().__init__(detail, **facts)
        if truncated:
            self.outcome = "TRUNCATED"
