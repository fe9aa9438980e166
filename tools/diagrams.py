"""Draws the diagrams of docs/ from the definitions of asl/ and the module: Mermaid, no drawing.

python -m tools.diagrams            write them
python -m tools.diagrams --check    exit 1 when they differ
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "architecture.md"
# Each page of a workflow has its own definition, under the page's name.
PAGES = sorted((ROOT / "docs" / "workflows").glob("[a-z]*.md"))
ASL = ROOT / "asl" / "router.asl.json"
_BLOCK = re.compile(r"(<!-- drawn: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)

_RESOURCE = re.compile(r'^(resource|data) "(\w+)" "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_REFERENCE = re.compile(r"(aws_\w+)\.(\w+)|local\.(\w+_arns?)\b|local\.tables\.(\w+)")
_FUNCTION = re.compile(r"^  function_(\w+) = \{\n(.*?)^  \}", re.MULTILINE | re.DOTALL)
_POLICY = "aws_iam_policy_document"

# What a reader of the diagram looks for; keys, roles and logs are in every function's life.
_SHOWN = {
    "aws_dynamodb_table": ("[({})]", "table {}"),
    "aws_sqs_queue": ("[/{}/]", "queue: {}"),
    "aws_sns_topic": ("[/{}/]", "topic: {}"),
    "aws_s3_bucket": ("[({})]", "bucket: {}"),
    "aws_cloudwatch_event_connection": ("{{{{{}}}}}", "connection: {}"),
    "aws_cloudwatch_event_rule": (">{}]", "rule: {}"),
    "aws_sfn_state_machine": ("[[{}]]", "workflow"),
    "aws_api_gateway_rest_api": (">{}]", "HTTP API"),
    "aws_apigatewayv2_api": (">{}]", "WebSocket API"),
}
Node = tuple[str, str]
# Names that the module gives to ARNs of its own things.
_LOCALS: Mapping[str, tuple[Node, ...]] = {
    "topic_arn": (("aws_sns_topic", "failures"),),
    "failures_queue_arn": (("aws_sqs_queue", "failures"),),
    "request_queue_arns": (("aws_sqs_queue", "requests"), ("aws_sqs_queue", "requests_dead")),
    "answers_bucket_arn": (("aws_s3_bucket", "answers"),),
    "corpus_bucket_arn": (("aws_s3_bucket", "corpus"),),
    "chunks_arns": (("aws_s3_bucket", "corpus"),),
    "embedding_model_arns": (("models", "Bedrock"),),
    "connection_arn": (("aws_cloudwatch_event_connection", "openai"),),
    "connection_secret_arn": (("aws_cloudwatch_event_connection", "openai"),),
    "state_machine_arn": (("aws_sfn_state_machine", "this"),),
    "websocket_connections_arn": (("aws_apigatewayv2_api", "websocket"),),
    "execution_arns": (("aws_sfn_state_machine", "this"),),
    "bedrock_profile_arns": (("models", "Bedrock"),),
    "bedrock_direct_arns": (("models", "Bedrock"),),
    "classifier_arn": (("models", "Bedrock"),),
}


def main(arguments: list[str]) -> int:
    """Write the diagrams, or only compare them; answer the exit status."""
    behind = []
    for page in (DOCUMENT, *PAGES):
        written = page.read_text(encoding="utf-8")
        if (wanted := drawn(written)) != written:
            behind.append(page)
            if "--check" not in arguments:
                page.write_text(wanted, encoding="utf-8")
    if behind and "--check" in arguments:
        names = ", ".join(page.name for page in behind)
        print(f"{names}: behind; run python -m tools.diagrams")
        return 1
    return 0


def drawn(text: str) -> str:
    """Return the document with its diagrams redrawn."""
    diagrams: dict[str, Callable[[], str]] = {"workflow": workflow, "module": module}
    for page in PAGES:
        diagrams[page.stem] = partial(workflow, _asl_of(page))

    def redrawn(found: re.Match[str]) -> str:
        return f"{found[1]}```mermaid\n{diagrams[found[2]]()}\n```\n{found[3]}"

    return _BLOCK.sub(redrawn, text)


def _asl_of(page: Path) -> Path:
    return ROOT / "asl" / f"{page.stem}.asl.json"


def workflow(path: Path = ASL) -> str:
    """Return the states of a workflow and the ways between them; dotted is a Catch.

    A Map is a box around the states of its items.
    """
    return "\n".join(["flowchart TD", *_states(json.loads(path.read_text(encoding="utf-8")), "  ")])


def _states(definition: Mapping[str, Any], indent: str) -> Iterator[str]:
    shapes = {"Choice": "{{{{{}}}}}", "Succeed": "([{}])", "Fail": "([{}])"}
    states = definition["States"]
    for name, state in states.items():
        if state["Type"] == "Map":
            yield f"{indent}subgraph {name}"
            yield from _states(state["ItemProcessor"], f"{indent}  ")
            yield f"{indent}end"
        else:
            yield f"{indent}{name}{shapes.get(state['Type'], '[{}]').format(name)}"
    for name, state in states.items():
        for way in dict.fromkeys(_ways(state)):
            yield f"{indent}{name} {way}"


def _ways(state: Mapping[str, Any]) -> Iterator[str]:
    if "Next" in state:
        yield f"--> {state['Next']}"
    for choice in state.get("Choices", []):
        yield f"--> {choice['Next']}"
    if "Default" in state:
        yield f"--> {state['Default']}"
    for catch in state.get("Catch", []):
        yield f"-.-> {catch['Next']}"


def module() -> str:
    """Return who starts whom (arrow) and who may reach what (line), by the module's policies."""
    sources = {path.name: path.read_text(encoding="utf-8") for path in _module_files()}
    entries = dict(entry for text in sources.values() for entry in _FUNCTION.findall(text))
    functions = list(entries)
    edges: dict[tuple[Node, str, Node], None] = {}
    for machine, path in {"this": ASL, **{page.stem: _asl_of(page) for page in PAGES}}.items():
        definition = path.read_text(encoding="utf-8")
        for name in functions:
            if f"${{{name}_arn}}" in definition:
                edges[("aws_sfn_state_machine", machine), "-->", ("function", name)] = None
    for text in sources.values():
        for kind, resource, name, body in _RESOURCE.findall(text):
            for edge in _edges(kind, resource, name, body, entries):
                edges[edge] = None
    for name, entry in entries.items():
        if re.search(r'called_by += "gateway"', entry):
            edges[("aws_api_gateway_rest_api", "this"), "-->", ("function", name)] = None
        if re.search(r'called_by += "websocket"', entry):
            edges[("aws_apigatewayv2_api", "websocket"), "-->", ("function", name)] = None
    nodes = dict.fromkeys(node for one, _, other in edges for node in (one, other))
    return "\n".join([
        "flowchart LR",
        *(f"  {_id(node)}{_label(node)}" for node in nodes),
        *(f"  {_id(one)} {arrow} {_id(other)}" for one, arrow, other in edges),
    ])  # fmt: skip


def _module_files() -> list[Path]:
    return sorted((ROOT / "terraform").glob("*.tf"))


def _edges(
    kind: str, resource: str, name: str, body: str, functions: Mapping[str, str]
) -> Iterator[tuple[Node, str, Node]]:
    found = list(_nodes(body))
    called = [("function", function) for function in functions if f'this["{function}"]' in body]
    if resource == "aws_lambda_event_source_mapping":
        tables = [node for node in found if node[0] == "aws_dynamodb_table"]
        yield from ((table, "-->|stream|", one) for table in tables[:1] for one in called)
    elif resource == "aws_cloudwatch_event_target":
        rules = [node for node in found if node[0] == "aws_cloudwatch_event_rule"]
        yield from ((rule, "-->", one) for rule in rules[:1] for one in called)
    elif kind == "data" and resource == _POLICY:
        for one in _holders(name, functions):
            yield from ((one, "---", node) for node in found if node != one)


def _holders(policy: str, functions: Mapping[str, str]) -> list[Node]:
    """Return what has a policy; all workflows on top share two."""
    if policy == "workflow_machine":
        return [("aws_sfn_state_machine", page.stem) for page in PAGES]
    if policy == "workflow_function":
        return [
            ("function", name)
            for name, entry in functions.items()
            if re.search(r"reads_steps += true", entry)
        ]
    if policy == "push":
        return [("function", name) for name in ("invoke_model", "push_outcome")]
    if policy == "workflow":
        return [("aws_sfn_state_machine", "this")]
    return [("function", policy)] if policy in functions else []


def _nodes(body: str) -> Iterator[Node]:
    for resource, name, local, table in _REFERENCE.findall(body):
        nodes = _LOCALS.get(local, ()) if local else ((resource, name),)
        if table:
            nodes = (("aws_dynamodb_table", table),)
        yield from (node for node in nodes if node[0] in _SHOWN or node[0] == "models")


def _id(node: Node) -> str:
    return f"{node[0].removeprefix('aws_')}_{node[1]}"


def _label(node: Node) -> str:
    if node[0] == "function":
        return f"[{node[1]}]"
    if node[0] == "models":
        return f"([{node[1]}])"
    shape, words = _SHOWN[node[0]]
    if node[0] == "aws_sfn_state_machine" and node[1] != "this":
        words += f" {node[1]}"
    return shape.format(f'"{words.format(node[1].replace("_", " "))}"')


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
