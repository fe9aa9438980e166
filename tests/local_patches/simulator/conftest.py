"""One simulator for a module's tests; each finds it as it was at the start."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from local.simulator.server import Simulator
from tests.local_patches.simulator.wire import Wire


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator(0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def clients(server: Simulator) -> Iterator[Wire]:
    made = Wire(server.server_port)
    yield made
    made.openai.close()
    made.anthropic.close()
    made.bedrock.close()


@pytest.fixture
def wire(server: Simulator, clients: Wire) -> Iterator[Wire]:
    yield clients
    server.script.clear()
    server.journal.clear()
    server.keys.put({"openai": None, "anthropic": None, "bedrock": None})
