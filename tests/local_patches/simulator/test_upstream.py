"""With LLM_BASE_URL a real model answers through the simulator, its usage as it says it."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.exceptions import ClientError, EventStreamError

from cost_calculator.aws.error_codes import code_of
from local.simulator.server import Simulator
from local.simulator.upstream import UpstreamError, configured
from tests.local_patches.simulator.files import data_url, image, png
from tests.local_patches.simulator.wire import HAIKU, SONNET, Wire
from tests.support.patience import HANGS_SECONDS


class Stub(ThreadingHTTPServer):
    """A server of OpenAI's chat completions, as Ollama, vLLM and llama.cpp are."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.status = 200
        self.usage = {"prompt_tokens": 31, "completion_tokens": 7, "total_tokens": 38}
        self.finish_reason = "stop"
        self.message = {"role": "assistant", "content": "Paris, says the real one."}
        self.chunks = []
        self.embedding = [3.0, 4.0]
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send({"object": "list", "data": [{"id": "llama3.2"}, {"id": "other"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.asked.append((self.path, self.headers.get("authorization"), body))
        if body.get("stream") and self.server.status == 200:
            self.stream()
            return
        if self.path.endswith("/embeddings"):
            data = [{"index": 0, "embedding": self.server.embedding}]
            self.send({"data": data, "usage": self.server.usage})
            return
        message = self.server.message
        choice = {"index": 0, "message": message, "finish_reason": self.server.finish_reason}
        self.send({"choices": [choice], "usage": self.server.usage})

    def stream(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for each in self.server.chunks:
            data = each if isinstance(each, str) else json.dumps(each)
            self.wfile.write(f"data: {data}\n\n".encode())

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
        capture_output=True, text=True, timeout=HANGS_SECONDS, check=False,
    )  # fmt: skip
    assert started.returncode == 1
    assert started.stderr.strip().startswith("LLM_BASE_URL: cannot reach")


def chunk(delta, reason=None, **more):
    choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
    return {"object": "chat.completion.chunk", "choices": choices, **more}


CALL = [
    chunk({"role": "assistant", "content": "Let me "}),
    chunk({"content": "look."}),
    chunk({"tool_calls": [{"index": 0, "id": "f.x:0", "function": {"name": "look"}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city": '}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": '"Rome"}'}}]}),
    chunk({}, "tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 31, "completion_tokens": 7}},
]  # fmt: skip
SPEC = {"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}
USER = [{"role": "user", "content": [{"text": "Rome?"}]}]


def test_tools_results_and_images_reach_the_real_model_and_its_calls_come_back(wire, stub):
    stub.message = {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "f.x:0", "type": "function", "function": {"name": "look", "arguments": "{}"}}
        ],
    }
    use = {"toolUseId": "a", "name": "look", "input": {"n": 1}}
    result = {"toolUseId": "a", "content": [{"text": "seen"}]}
    messages = [
        {"role": "user", "content": [{"text": "See"}, image(png(3, 4))]},
        {"role": "assistant", "content": [{"text": "I look."}, {"toolUse": use}]},
        {"role": "user", "content": [{"toolResult": result}]},
    ]

    answer = wire.bedrock.converse(
        modelId=HAIKU, messages=messages, toolConfig={"tools": [SPEC], "toolChoice": {"any": {}}}
    )

    (_, _, asked), = stub.asked  # fmt: skip
    first, second, third = asked["messages"]
    assert [part["type"] for part in first["content"]] == ["text", "image_url"]
    assert first["content"][1]["image_url"]["url"] == data_url("image/png", png(3, 4))
    assert second["content"] == "I look."
    assert second["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"n": 1}'}
    assert third == {"role": "tool", "tool_call_id": "a", "content": "seen"}
    assert asked["tools"][0]["function"]["name"] == "look"
    assert asked["tool_choice"] == "required"
    ours = answer["output"]["message"]["content"][0]["toolUse"]
    assert (ours["toolUseId"], ours["name"], answer["stopReason"]) == ("f_x_0", "look", "tool_use")


def test_a_real_models_stream_passes_through_every_framing(wire, stub):
    stub.chunks = CALL
    messages = [{"role": "user", "content": "Rome?"}]
    tool = {"name": "look", "input_schema": {"type": "object"}}
    function = {"type": "function", "function": {"name": "look"}}

    converse = list(
        wire.bedrock.converse_stream(modelId=HAIKU, messages=USER, toolConfig={"tools": [SPEC]})[
            "stream"
        ]
    )
    chat = list(
        wire.chat("Rome?", stream=True, tools=[function], stream_options={"include_usage": True})
    )
    with wire.anthropic.messages.stream(
        model="claude-haiku-5-5", max_tokens=50, messages=messages, tools=[tool]
    ) as stream:
        message = stream.get_final_message()

    assert converse[-2]["messageStop"]["stopReason"] == "tool_use"
    assert converse[-1]["metadata"]["usage"]["outputTokens"] == 7
    assert "".join(each.choices[0].delta.content or "" for each in chat[:-1]) == "Let me look."
    assert (chat[-1].usage.prompt_tokens, chat[-1].usage.completion_tokens) == (31, 7)
    assert [block.type for block in message.content] == ["text", "tool_use"]
    assert message.content[1].input == {"city": "Rome"}
    assert (message.usage.input_tokens, message.usage.output_tokens) == (31, 7)
    assert stub.asked[0][2]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    "chunks", [CALL[:3], [*CALL[:2], {"error": {"message": "out of memory"}}], ["no json"]]
)
def test_a_stream_of_the_server_that_breaks_ends_in_the_providers_error(wire, stub, chunks):
    stub.chunks = chunks
    answer = wire.bedrock.converse_stream(
        modelId=HAIKU, messages=USER, toolConfig={"tools": [SPEC]}
    )

    with pytest.raises(EventStreamError, match="LLM_BASE_URL") as broken:
        list(answer["stream"])
    answer["stream"].close()

    assert code_of(broken.value) == "internalServerException"


def test_a_server_that_refuses_a_stream_is_an_error_of_http(wire, stub):
    stub.status = 429

    with pytest.raises(wire.bedrock.exceptions.ThrottlingException, match="LLM_BASE_URL"):
        wire.bedrock.converse_stream(modelId=HAIKU, messages=USER)


def embed(wire):
    body = json.dumps({"inputText": "a key", "dimensions": 256})
    answer = wire.bedrock.invoke_model(modelId="amazon.titan-embed-text-v2:0", body=body)
    return json.loads(answer["body"].read())


def test_the_servers_own_model_embeds_and_a_short_vector_keeps_its_direction(wire, stub):
    found = embed(wire)

    assert found["embedding"][:3] == [0.6, 0.8, 0.0]
    assert (len(found["embedding"]), found["inputTextTokenCount"]) == (256, 31)
    [(path, _, body)] = stub.asked
    assert path == "/v1/embeddings"
    assert body == {"model": "llama3.2", "input": "a key"}


def test_a_vector_that_is_longer_than_the_index_is_refused(wire, stub):
    stub.embedding = [1.0] * 300

    with pytest.raises(ClientError, match="makes 300 dimensions"):
        embed(wire)
