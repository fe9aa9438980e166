"""The tests' way through the WebSocket API: a tenant's key, connections, and what they ask."""

from __future__ import annotations

from typing import Any

from local.deployment import Deployment
from tests.local_cloud.door import door_of
from tests.support.sockets import Frame, Socket


class Line:
    """A tenant's key, and connections with it."""

    def __init__(self, deployment: Deployment, tenant: str) -> None:
        api = deployment.outputs["websocket"]
        host = deployment.cloud.emulator_url.removeprefix("http://")
        self.url = f"ws://{host}/_aws/execute-api/{api['api_id']}/{api['stage']}"
        self.door = door_of(deployment, tenant)
        self.tenant = tenant

    def open(self) -> Socket:
        return Socket(self.url, {"authorization": f"Bearer {self.door.key}"})


def ask(connection: Socket, prompt: str, **fields: Any) -> list[Frame]:
    """Ask and return all frames up to the last one."""
    send(connection, prompt, **fields)
    return list(connection.until("done", "error"))


def send(connection: Socket, prompt: str, **fields: Any) -> None:
    request = {"input": prompt, "tier": "SIMPLE", **fields}
    connection.send({"action": "ask", "request": request})
