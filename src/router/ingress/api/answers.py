"""What a caller is shown of a request that has ended, with its headers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cost_calculator.contributions import ANSWERED
from router.conversation.said import Said
from router.ingress.api.errors import ApiError
from router.ingress.api.lookup import answer_of, failure
from router.ingress.api.ports import ApiContext, Rows
from router.ingress.api.submit import Submitted
from router.ingress.api.views import Settle, settled_attempts, view
from router.ingress.protocols.reply import WITHHELD, Reply, reply_of

_DROPPED = "dropped "
_MOST_NAMED = 20  # a gateway takes 10 KB of headers


@dataclass(frozen=True, slots=True)
class Shown:
    """The body of a response, as JSON has it, and its headers."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]


def outcome(rows: Rows, submitted: Submitted, api: ApiContext, settle: Settle) -> Shown:
    """Return the end of a request in our own shape; raise why there is no answer."""
    answered = _answered(rows, submitted, api, settle, None)
    return Shown(answered, headers_of(rows, settle))


def reply(
    rows: Rows, submitted: Submitted, api: ApiContext, settle: Settle, said: Said | None = None
) -> Reply:
    """Return the end of a request as the protocols tell it; raise why there is none.

    ``said`` is the answer, if it need not be looked up.
    """
    is_withheld = rows["REQUEST"]["status"] in WITHHELD
    shown = (
        view(rows, None, settle) if is_withheld else _answered(rows, submitted, api, settle, said)
    )
    return reply_of(shown, settled_attempts(rows, settle))


def headers_of(rows: Rows, settle: Settle, dropped: Sequence[str] = ()) -> dict[str, str]:
    """Return model, tier, cost and dropped options as headers; what is not known has none.

    ``dropped`` are those of the protocol, which the rows do not have.
    """
    shown = view(rows, None, settle)
    named = {"request-id": "request_id", "model": "model", "tier": "tier", "cost-usd": "cost_usd"}
    known = {
        f"x-faregate-{header}": str(shown[name]) for header, name in named.items() if name in shown
    }
    return known | dropped_header(shown.get("reasons", ()), dropped)


def dropped_header(reasons: Any, dropped: Sequence[str]) -> dict[str, str]:
    """Return the header that names the options which the model did not get."""
    names = [
        *dropped,
        *(
            reason.removeprefix(_DROPPED).split(":", 1)[0]
            for reason in reasons
            if reason.startswith(_DROPPED)
        ),
    ]
    # A header holds no letters beyond ASCII.
    shown = [name.encode("ascii", "replace").decode() for name in names[:_MOST_NAMED]]
    more = [f"and {len(names) - _MOST_NAMED} more"] if len(names) > _MOST_NAMED else []
    return {"x-faregate-dropped": ", ".join([*shown, *more])} if names else {}


def _answered(
    rows: Rows, submitted: Submitted, api: ApiContext, settle: Settle, said: Said | None
) -> dict[str, Any]:
    if rows["REQUEST"]["status"] not in ANSWERED:
        raise failure(rows, is_named=submitted.is_named)
    if said is None and (said := answer_of(rows, api)) is None:
        raise ApiError("NotFound", "the answer's text has expired", request_id=submitted.request_id)
    return view(rows, said, settle)
