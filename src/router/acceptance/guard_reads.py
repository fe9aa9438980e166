"""Reads and lends what the guards of a request need, around the one transaction that accepts it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from cost_calculator.rows import Row
from router.acceptance.applicable_guards import common_keys, guards_of, own_keys
from router.acceptance.control_memory import KEPT_SECONDS
from router.acceptance.exact_cache import CacheSlot
from router.acceptance.ports import Dependencies
from router.acceptance.request_guards import Guards
from router.config.settings import Config
from router.errors import StoreUnavailable
from router.guards.budget_shards import Holding
from router.guards.conditional_update import ConditionalUpdate, Item
from router.intake.request import Request


def read_state(
    request: Request, config: Config, deps: Dependencies, slot: CacheSlot | None = None
) -> tuple[Guards, Row | None]:
    """Read the guards' items and the cached answer, if any, in one round trip.

    Nothing is read if memory has all items. Every few seconds, all shards of a spread budget are
    read as well: how much is used is in them together.

    The read only chooses forms and tiers; the conditions of the transaction decide what may pass.
    So a failed read stops nothing, as long as the limits that were set at run time are known.
    Otherwise raise ``StoreUnavailable``, unless the deployment lets requests pass then.
    """
    at, memory = deps.clock(), deps.memory
    guards = guards_of(request, config, memory, at)
    common = frozenset() if memory.is_fresh(at) else common_keys(config)
    try:
        found = deps.store.read(common | own_keys(guards, memory), slot.key if slot else None)
        if common:
            memory.keep(common, found.control, at)
            guards = guards_of(request, config, memory, at)
        guards = guards.with_items(found.control)
        since = at - timedelta(seconds=KEPT_SECONDS)
        shards = _read_shards(memory.shards.unread(guards.holdings(), since), guards, deps)
    except StoreUnavailable as error:
        if not (config.open_on_store_failure or memory.is_known(at)):
            raise
        memory.failed_at = at
        return guards.unread(str(error)), None
    return guards.with_items(shards), found.cached


def reread(guards: Guards, keys: Collection[str], deps: Dependencies) -> Guards:
    """Return the guards with what the budgets of the owners of these items hold now."""
    budgets = guards.budgets_among(keys)
    if not budgets:
        return guards
    try:
        guards = guards.with_items(deps.store.read([budget.key for budget in budgets]).control)
        spread = [one for one in guards.holdings() if one.is_spread and one.budget in budgets]
        return guards.with_items(_read_shards(spread, guards, deps))
    except StoreUnavailable as error:
        # A table that is too busy is no reason to pass without a reservation.
        raise StoreUnavailable(str(error), contended=True) from error


def lent(guards: Guards, loans: Sequence[ConditionalUpdate], deps: Dependencies) -> Guards:
    """Let roots lend, and return the guards with what the roots hold then.

    Whether a loan was made, was made by another process or met somebody is all the same: what is
    there to reserve is read again.
    """
    keys = [loan.key for loan in loans]
    with suppress(StoreUnavailable):  # then the transaction fails as well, or does without
        for loan in loans:
            deps.store.update(loan)
        return guards.with_items(deps.store.read(keys).control)
    return guards


def _read_shards(
    holdings: Sequence[Holding], guards: Guards, deps: Dependencies
) -> Mapping[str, Item]:
    keys = [key for one in holdings for key in one.shard_keys()]
    found = deps.store.read(keys).control if keys else {}
    deps.memory.shards.keep(holdings, found, guards.at)
    return found
