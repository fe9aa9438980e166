"""Connections in memory: what was sent to each, and how it takes it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from cost_calculator.settlement import settle
from router.aws.listener_store import ListenerStore
from router.ingress.websocket.ending import Following, Waiting
from router.ingress.websocket.listeners import Sent
from router.ingress.websocket.pushing import Line
from router.ingress.websocket.session import Session, respond
from tests.fakes.api import Aws, api
from tests.fakes.dynamodb import DynamoDB
from tests.support.cost_rows import PRICED_AT, RATES
from tests.support.factories import AT
from tests.support.tables import CONTROL

Frame = dict[str, Any]


@dataclass
class Wire:
    """``says`` is how connections take the next frames; they take all others."""

    client: DynamoDB
    aws: Aws = field(default_factory=Aws)
    says: list[Sent] = field(default_factory=list)
    sent: list[tuple[str, Frame]] = field(default_factory=list)
    followed: list[Following] = field(default_factory=list)

    @property
    def store(self) -> ListenerStore:
        return ListenerStore(self.client, CONTROL, lambda: AT + timedelta(seconds=self.aws.now))

    def post(self, connection: str, frame: bytes) -> Sent:
        took = self.says.pop(0) if self.says else Sent.OK
        if took is Sent.OK:
            self.sent.append((connection, json.loads(frame)))
        return took

    @property
    def line(self) -> Line:
        return Line(self.store, self.post, lambda: self.aws.now, self.aws.sleep)

    @property
    def waiting(self) -> Waiting:
        return Waiting(
            api=api(self.aws),
            settle=lambda row: settle(row, RATES, PRICED_AT),
            listeners=self.store,
            undelivered=self.aws,
            post=self.post,
            note_refusal=self.aws.refusals.append,
        )

    def event(self, kind: str, connection: str = "c-1", **fields: Any) -> dict[str, Any]:
        """Give the entry point an event of the gateway."""
        services = Session(
            api=api(self.aws),
            listeners=self.store,
            post=self.post,
            follow=self.followed.append,
            note_refusal=self.aws.refusals.append,
        )
        context = {"eventType": kind, "connectionId": connection, "requestId": "gateway-1"}
        authorizer = {"authorizer": {"tenant": fields.pop("tenant", "acme")}}
        return respond({"requestContext": {**context, **authorizer}, **fields}, services)

    def frame(self, frame: Any, connection: str = "c-1") -> list[Frame]:
        """Send a frame; return those that answer it."""
        before = len(self.sent)
        text = frame if isinstance(frame, str) else json.dumps(frame)
        assert self.event("MESSAGE", connection, body=text) == {"statusCode": 200}
        return [frame for _, frame in self.sent[before:]]

    def frames(self) -> list[Frame]:
        """Return all that was sent."""
        return [frame for _, frame in self.sent]
