"""With LLM_BASE_URL a real model answers through the simulator, its usage as it says it."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.simulator.server import Simulator
from local.simulator.upstream import UpstreamError, configured
from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire


class Stub(ThreadingHTTPServer):
    """A server of OpenAI's chat completions, as Ollama, vLLM and llama.cpp are."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.status = 200
        self.usage = {"prompt_tokens": 31, "completion_tokens": 7, "total_tokens": 38}
        self.finish_reason = "stop"
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send({"object": "list", "data": [{"id": "llama3.2"}, {"id": "other"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, self.headers.get("authorization"), body))
        message = {"role": "assistant", "content": "Paris, says the real one."}
        choice = {"index": 0, "message": message, "finish_reason": self.server.finish_reason}
        self.send({"choices": [choice], "usage": self.server.usage})

    def send(self, body):
        data = json.dumps(body).encode()
        self.send_response(self.server.status)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments):
        pass


def serving(server):
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture
def stub():
    with serving(Stub()) as server:
        yield server
        server.shutdown()


@pytest.fixture
def wire(stub):
    upstream = configured({"LLM_BASE_URL": f"{stub.url}/", "LLM_API_KEY": "k-1"})
    with serving(Simulator(0, upstream)) as server:
        made = Wire(server.server_address[1])
        yield made
        for client in (made.openai, made.anthropic, made.bedrock):
            client.close()
        server.shutdown()


def test_every_wire_format_carries_the_real_models_text_and_usage(wire):
    converse = wire.converse(HAIKU)
    chat = wire.chat()
    message = wire.anthropic.messages.create(
        model="claude-haiku-5-5", max_tokens=50, messages=[{"role": "user", "content": "Hi"}]
    )
    response = wire.openai.responses.create(model="gpt-6-luna", input="Hi")

    assert converse["output"]["message"]["content"] == [{"text": "Paris, says the real one."}]
    assert (converse["usage"]["inputTokens"], converse["usage"]["outputTokens"]) == (31, 7)
    assert chat.choices[0].message.content == response.output_text == "Paris, says the real one."
    assert (chat.usage.prompt_tokens, chat.usage.completion_tokens) == (31, 7)
    assert (message.usage.input_tokens, message.usage.output_tokens) == (31, 7)
    assert response.usage.total_tokens == 38
    assert [call["status"] for call in wire.calls()] == [200] * 4


def test_roles_limits_and_schema_reach_the_real_model(wire, stub):
    wire.bedrock.converse(
        modelId=SONNET,
        system=[{"text": "Be brief."}],
        messages=[
            {"role": "user", "content": [{"text": "2 + 2?"}]},
            {"role": "assistant", "content": [{"text": "4"}]},
            {"role": "user", "content": [{"text": "Twice that?"}]},
        ],
        inferenceConfig={"maxTokens": 77},
    )
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    wire.chat(response_format=wanted)

    (path, key, first), (_, _, second) = stub.asked
    assert (path, key) == ("/v1/chat/completions", "Bearer k-1")
    assert first["model"] == "llama3.2"  # the server's first, since none was named
    assert [message["role"] for message in first["messages"]] == [
        "system", "user", "assistant", "user",
    ]  # fmt: skip
    assert first["messages"][-1]["content"] == "Twice that?"
    assert first["max_tokens"] == 77
    assert second["response_format"]["json_schema"]["schema"] == schema


def test_a_server_without_usage_leaves_it_unknown(wire, stub):
    stub.usage = None

    assert "usage" not in wire.converse(HAIKU)


def test_a_cut_answer_is_said_to_be_cut(wire, stub):
    stub.finish_reason = "length"

    assert wire.converse(HAIKU)["stopReason"] == "max_tokens"


@pytest.mark.parametrize(("theirs", "ours"), [(429, 429), (400, 400), (503, 500)])
def test_a_refusal_of_the_server_is_one_of_the_provider(wire, stub, theirs, ours):
    stub.status = theirs

    with pytest.raises(wire.bedrock.exceptions.ClientError) as refused:
        wire.converse(HAIKU)

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == ours
    assert "LLM_BASE_URL" in str(refused.value)


def test_faults_on_order_stay_the_simulators(wire, stub):
    wire.script({"match": {"model": HAIKU}, "text": "as ordered"})

    assert wire.converse(HAIKU)["output"]["message"]["content"] == [{"text": "as ordered"}]
    assert not stub.asked


def test_without_the_variable_nothing_is_asked():
    assert configured({}) is None
    named = configured({"LLM_BASE_URL": "http://127.0.0.1:9/v1", "LLM_MODEL": "m"})
    assert named.model == "m"  # no look-up where a model is named


def test_a_server_that_is_not_there_is_told_at_the_start():
    with pytest.raises(UpstreamError, match=r"cannot reach http://127\.0\.0\.1:9/v1/models"):
        configured({"LLM_BASE_URL": "http://127.0.0.1:9/v1"})
    started = subprocess.run(
        [sys.executable, "-m", "local.simulator", "--port", "0"],
        env={**os.environ, "LLM_BASE_URL": "http://127.0.0.1:9/v1"},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert started.returncode == 1
    assert started.stderr.strip().startswith("LLM_BASE_URL: cannot reach")
