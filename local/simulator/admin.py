"""The control paths of the simulator: faults on order, the log of calls, the accepted keys."""

import json

from local.simulator.journal import Journal
from local.simulator.keys import Keys
from local.simulator.model import Json
from local.simulator.script import Script


def handle(
    method: str, path: str, body: bytes, script: Script, journal: Journal, keys: Keys
) -> tuple[int, Json]:
    """Answer one request to `/_admin/...`: a status and a body. See `local/README.md`."""
    answer: Json = {}
    try:
        match method, path:
            case "GET", "/_admin/health":
                answer = {"status": "up"}
            case "GET", "/_admin/calls":
                answer = {"calls": journal.all()}
            case "DELETE", "/_admin/calls":
                journal.clear()
            case "GET", "/_admin/script":
                answer = {"left": script.left()}
            case "POST", "/_admin/script":
                script.add(_rules(body))
            case "DELETE", "/_admin/script":
                script.clear()
            case "PUT", "/_admin/keys":
                keys.put(_object(body))
            case _:
                return 404, {"error": f"no such path: {method} {path}"}
    except ValueError as error:
        return 400, {"error": str(error)}
    return 200, answer


def _rules(body: bytes) -> list[Json]:
    rules = json.loads(body)
    if isinstance(rules, dict):
        rules = [rules]
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise ValueError("send one rule or a list of rules, each a JSON object")
    return rules


def _object(body: bytes) -> Json:
    parsed = json.loads(body)
    if not isinstance(parsed, dict):
        raise ValueError('send {"openai": ["sk-..."]}')
    return parsed
