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
from router.guards.rate_limit import demand_of, retry_after, too_large
from router.intake.request import Request


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

    def is_limited(self, tenant: str) -> bool:
        """Return whether the tenant has a rate."""
        return rules_of(self.tenants, tenant).rate is not None

    def wait(self, request: Request) -> int:
        """Return in how many seconds there is room for a request; 0 is now, and takes it off.

        Of the answer, the request's own limit counts. A request that never fits may start at once:
        the workflow refuses it. While the table does not answer, every message may start: the
        workflow decides.
        """
        rate = rules_of(self.tenants, request.tenant).rate
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

    def _bucket(self, tenant: str) -> Item:
        if tenant not in self._buckets:
            self._buckets[tenant] = self.read(tenant)
        return self._buckets[tenant]
