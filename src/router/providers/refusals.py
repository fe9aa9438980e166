"""What each provider's refusal means: one table per provider, for every way to call it. Pure.

A status or a name decides first, see ``router.providers.statuses``. Only a call that was refused
before any work was done is looked at further, since providers use one status for many causes: a 400
is a malformed call, a prompt that is too long, an account without credit or a filter. The first
entry that applies decides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from router import errors

_ANY = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Sign:
    """A cause, and the codes and phrases by which a provider reports it.

    ``phrases`` are searched in the provider's message in lower case. The message may quote the
    prompt, so an entry is a phrase of the provider's own that no other cause contains.
    """

    cause: type[errors.CallError]
    codes: frozenset[str] = frozenset()
    phrases: re.Pattern[str] = _ANY

    def applies(self, codes: frozenset[str], message: str) -> bool:
        """Return whether a refusal with these codes and this message has the cause."""
        return bool(self.codes & codes) or bool(self.phrases.search(message))


def _sign(cause: type[errors.CallError], codes: str = "", phrases: str = "") -> Sign:
    return Sign(cause, frozenset(codes.split()), re.compile(phrases) if phrases else _ANY)


_OPENAI = (
    _sign(
        errors.QuotaExhausted,
        "insufficient_quota billing_hard_limit_reached",
        r"exceeded your current quota|billing hard limit|(?:requests|tokens) per day"
        # One request over the account's limit of tokens a minute: no wait helps.
        r"|^request too large for ",
    ),
    _sign(
        errors.AccessDenied,
        "billing_not_active account_deactivated",
        r"account is not active|insufficient (?:balance|credits)",
    ),
    _sign(
        errors.ContextTooLong,
        "context_length_exceeded string_above_max_length",
        r"maximum context length|exceeds? the context window|reduce the length of the messages",
    ),
    _sign(
        errors.Filtered,
        "invalid_prompt content_filter content_policy_violation moderation_blocked",
        r"flagged as potentially violating|content management policy|rejected by (?:our|the) safety"
        r" system",
    ),
    _sign(
        errors.ModelNotFound,
        "model_not_found model_deprecated model_decommissioned",
        r"\bmodel\b.{0,120}\b(?:does not exist|(?:been|is) (?:deprecated|retired|decommissioned)"
        r"|been shut down)",
    ),
)

_ANTHROPIC = (
    _sign(
        errors.QuotaExhausted,
        phrases=r"reached your specified api usage limits|daily rate limit|monthly (?:spend|usage)"
        r" limit",
    ),
    _sign(errors.AccessDenied, "billing_error", r"credit balance is too low"),
    _sign(
        errors.ContextTooLong,
        "request_too_large",
        r"prompt is too long|exceeds? (?:the )?(?:context limit|context window)|input is too long",
    ),
    _sign(errors.Filtered, phrases=r"content filtering policy"),
    _sign(
        errors.ModelNotFound,
        phrases=r"\bmodel\b.{0,120}\b(?:been|is) (?:deprecated|retired|no longer available)",
    ),
)

_BEDROCK = (
    _sign(
        errors.QuotaExhausted,
        "ServiceQuotaExceededException",
        r"(?:requests|tokens) per day",
    ),
    _sign(
        errors.AccessDenied,
        phrases=r"^operation not allowed|invalid_payment_instrument",
    ),
    _sign(
        errors.ContextTooLong,
        phrases=r"(?:input|prompt) is too long|too many input tokens|maximum context|context window"
        r"|exceed (?:the )?context limit|input length and",
    ),
    _sign(errors.Filtered, phrases=r"content filtering policy"),
    _sign(
        errors.ModelNotFound,
        phrases=r"model identifier is invalid|on-demand throughput isn.t supported"
        r"|end of its life|marked by provider as legacy",
    ),
)

REFUSALS: Mapping[str, tuple[Sign, ...]] = {
    "openai": _OPENAI,
    "anthropic": _ANTHROPIC,
    "bedrock": _BEDROCK,
}


def cause_of_refusal(
    provider: str, kind: type[errors.CallError], codes: frozenset[str], message: str
) -> type[errors.CallError]:
    """Return the cause of a refusal whose status means ``kind``."""
    if not issubclass(kind, errors.Rejected | errors.Throttled):
        return kind
    lower = message.lower()
    found = (sign.cause for sign in REFUSALS[provider] if sign.applies(codes, lower))
    return next(found, kind)
