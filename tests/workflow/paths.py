"""Which states of `asl/router.asl.json` a request enters.

A scenario says what happens to a request (its attempts and its end); how the definition spells that
is here alone.
"""

from __future__ import annotations

from collections.abc import Sequence

# The first call of a plan, by the tier asked for; `SDK` is a plan that neither tier's own state nor
# the HTTP Task can serve.
FIRST = {
    "SIMPLE": "InvokeHaiku",
    "CALCULATION": "InvokeOpenAI",
    "COMPLEX": "InvokeSonnet",
    "SDK": "InvokeModel",
}
NEXT_CALL = "InvokeModel"
PLANNED = ["PlanNextStep", "NextStep"]
AGAIN = "AskAgainLater"
RECORDED = "RecordAnswer"
REVIEW = ["NotifyReviewers", "AwaitReview"]
FAILED = ["NotifyFailure", "RequestFailed"]
# The model answered, and its function could not write the row: only the write is repeated.
RECORDED_LATER = [*PLANNED, RECORDED]
# Nor could anybody else; the status event closes the request.
NOT_RECORDED = [*RECORDED_LATER, "RequestRejected"]
KNOWN = ["AnalyzeComplexity", "RouteByComplexity", "AnswerKnown"]
REJECTED = ["AnalyzeComplexity", "RequestRejected"]
# What a 200 of the HTTP Task may turn out to be.
_SPOKEN = ("OK", "TRUNCATED", "REFUSED", "FILTERED", "BAD_RESPONSE")


def path(
    route: str, outcomes: Sequence[str], end: str, review: str | None = None, again: int = 0
) -> list[str]:
    """Return the states of a request that was accepted, in order.

    `again` is how often the first call was sent again through states of the workflow.

    `outcomes` are its attempts'. `end` is "answered", "recorded later", "failed", "not recorded",
    or "dead": no state takes what ends it, and the status event closes the request. `review` is
    None, "decided", or "dead" for a run that ends while it waits.
    """
    states = ["AnalyzeComplexity", "RouteByComplexity"]
    for number, outcome in enumerate(outcomes):
        last = number == len(outcomes) - 1
        if number == 0:
            states += [FIRST[route], *PLANNED, AGAIN] * again
        states.append(FIRST[route] if number == 0 else NEXT_CALL)
        if last and end == "dead" and review is None:
            return states
        if states[-1] == "InvokeOpenAI" and outcome in _SPOKEN:
            states.append(RECORDED)
        if not last or end == "failed" or review:
            states += PLANNED
    if review:
        states += REVIEW
    if review == "decided":
        states += PLANNED
    if review and end == "answered":
        states.append(RECORDED)
    ends = {
        "failed": FAILED,
        "recorded later": RECORDED_LATER,
        "not recorded": NOT_RECORDED,
    }
    return [*states, *ends.get(end, [])]
