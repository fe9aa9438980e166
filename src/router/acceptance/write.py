"""Writes a request and what its guards take, in one transaction, until it is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from cost_calculator.row_keys import request_id_of
from cost_calculator.rows import Row
from router.acceptance.draft import Draft, draft_of
from router.acceptance.guard_reads import lent, reread
from router.acceptance.ports import Dependencies, Execution
from router.acceptance.reopen import given_back, is_counted, reopened
from router.acceptance.request_guards import Guards
from router.acceptance.request_rows import routed
from router.acceptance.trials import Judged
from router.errors import StoreUnavailable
from router.guards.conditional_update import ConditionalUpdate, Item
from router.llm_classifier.attempt_row import ASKED, opinion_of
from router.routing.plan import Plan

# Each turn has the items that blocked the one before; a third is needed only in a race.
_TURNS = 5
# One conflict at a budget's root may be chance; at the second more requests come than it takes.
_ROOT_TRIES = 2
# After so many, a request that wants the last of a spread budget is one of too many.
_CROWDED_TRIES = 4


def accepted(
    judged: Judged, guards: Guards, execution: Execution, deps: Dependencies
) -> tuple[Guards, Draft, Mapping[str, Row] | None]:
    """Write the request, or find its rows; return the guards as they were at last."""
    tried = _Try(judged, guards, execution, deps)
    for _ in range(_TURNS):
        try:
            acceptance = deps.store.accept(*tried.drafted(), tried.again)
        except StoreUnavailable as error:
            guards = tried.guards
            if not tried.draft.actions or error.contended or not guards.may_be_bypassed:
                raise
            tried.guards = guards.bypassed(str(error))
            continue
        if not acceptance.refused:
            return tried.guards, tried.draft, acceptance.existing
        tried.refused(acceptance.refused)
    raise StoreUnavailable("the guards of many requests wait for each other", contended=True)


class _Try:
    """One request on its way into the tables: its guards as they are known, its latest draft."""

    draft: Draft

    def __init__(
        self, judged: Judged, guards: Guards, execution: Execution, deps: Dependencies
    ) -> None:
        self._judged, self._execution, self._deps = judged, execution, deps
        self._conflicts = 0
        self.guards = guards

    def drafted(
        self, contended: frozenset[str] = frozenset()
    ) -> tuple[Sequence[Row], Sequence[ConditionalUpdate]]:
        """Return what to write, drafted under the guards as they are known now."""
        self.draft = draft_of(self._judged, self.guards, self._execution, self._deps)
        if loans := self.guards.loans(self.draft.most_usd, contended):
            self.guards = lent(self.guards, loans, self._deps)
            self.draft = draft_of(self._judged, self.guards, self._execution, self._deps)
        return self.draft.rows, self.draft.actions

    def again(self, contended: frozenset[str]) -> tuple[Sequence[Row], Sequence[ConditionalUpdate]]:
        """Return what to write instead, after others were met at guards of these keys."""
        self._conflicts += 1
        self.guards.elsewhere(contended)
        self.guards = reread(self.guards, contended, self._deps)
        if self._conflicts >= _CROWDED_TRIES:
            self._refuse_in_a_crowd(contended)
        return self.drafted(contended if self._conflicts >= _ROOT_TRIES else frozenset())

    def _refuse_in_a_crowd(self, contended: frozenset[str]) -> None:
        error = self.guards.crowded_out(contended, self.draft.most_usd)
        # A request that exists already asks for nothing more.
        if error and "REQUEST" not in self._deps.store.rows_of(self.guards.request.key):
            raise error

    def refused(self, refused: Mapping[str, Item]) -> None:
        """Take in the items that blocked the request; raise if these decide."""
        self.guards = _after_refusal(
            self.guards, refused, self.draft.plan, self.draft.most_usd, self._deps
        )


def opened_again(
    draft: Draft, guards: Guards, existing: Mapping[str, Row], deps: Dependencies
) -> tuple[Guards, Mapping[str, Row]]:
    """Open a failed request for this run; return its rows, or those of a run that was faster."""
    failed = existing["REQUEST"]
    if not is_counted(failed):
        raise StoreUnavailable(
            f"request {request_id_of(failed['request_id'])} failed a moment ago and is not in the"
            " sums yet: run it again in a minute"
        )
    plan = draft.plan
    if draft.question and ASKED in existing:
        plan = draft.decision.plan_with(opinion_of(existing[ASKED]))
    fresh, *content = (row for row in draft.rows if row["item"] != ASKED)
    opened = reopened(existing, fresh | routed(plan, deps.stopwatch()))
    for _ in range(_TURNS):
        actions = guards.actions(plan, draft.most_usd, given_back(failed))
        acceptance = deps.store.reopen(failed, opened, content, actions)
        if not acceptance.refused:
            return guards, acceptance.existing or {**existing, "REQUEST": opened}
        guards = _after_refusal(guards, acceptance.refused, plan, draft.most_usd, deps)
    raise StoreUnavailable("the guards of many requests wait for each other", contended=True)


def _after_refusal(
    guards: Guards, refused: Mapping[str, Item], plan: Plan, most_usd: Decimal, deps: Dependencies
) -> Guards:
    """Return the guards with the items that blocked the request; raise if these decide."""
    deps.memory.learn(refused)
    guards = guards.with_items(refused)
    if any(
        one.is_spread for one in guards.holdings() if one.budget in guards.budgets_among(refused)
    ):
        guards = reread(guards, refused, deps)
    current = {key: guards.control.get(key, {}) for key in refused}
    return guards.after_refusal(current, plan, most_usd)
