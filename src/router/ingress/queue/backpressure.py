"""Decides when a tenant's rate lets a message start; the queue asks before it starts a run. Pure.

Ingest only peeks at the bucket; the workflow consumes from it, once per request. So several
consumers may see the same room; excess runs are refused, and started again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from router.config.tenants import Rules, rules_of
from router.errors import StoreUnavailable
from router.guards.conditional_update import Item
from router.guards.rate_limit import Rate, demand_of, retry_after, too_large
from router.intake.request import Request
from router.recording.duplicate_row import WORKFLOW


@dataclass(slots=True)
class Backpressure:
    """The buckets as one batch of messages sees them: each is read once.

    Messages that the batch starts are subtracted. ``read`` returns a tenant's buckets, empty if
    there are none, or raises ``StoreUnavailable``.
    """

    tenants: Mapping[str, Rules]
    read: Callable[[str], Item]
    clock: Callable[[], datetime]
    _buckets: dict[str, Item] = field(default_factory=dict)
    _begun: dict[str, Counter[str]] = field(default_factory=dict)

    def is_limited(self, request: Request) -> bool:
        """Return whether a rate holds for the request."""
        return self._rate_of(request) is not None

    def wait(self, request: Request) -> int:
        """Return in how many seconds there is room for a request; 0 is now, and takes it off.

        Of the answer, the request's own limit counts. A request that never fits may start at once:
        the workflow refuses it. While the table does not answer, every message may start: the
        workflow decides.
        """
        rate = self._rate_of(request)
        demand = demand_of(request.input_bytes, request.options.max_tokens or 0)
        if rate is None or too_large(rate, demand):
            return 0
        total = self._begun.get(request.tenant, Counter()) + Counter(demand)
        try:
            seconds = retry_after(rate, total, self._bucket(request.tenant), self.clock())
        except StoreUnavailable:
            return 0
        if not seconds:
            self._begun[request.tenant] = total
        return seconds

    def _rate_of(self, request: Request) -> Rate | None:
        if request.step and request.step.workflow == WORKFLOW:
            return None  # sent by Faregate itself, which the workflow checks
        return rules_of(self.tenants, request.tenant).rate

    def _bucket(self, tenant: str) -> Item:
        if tenant not in self._buckets:
            self._buckets[tenant] = self.read(tenant)
        return self._buckets[tenant]
