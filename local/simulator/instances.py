"""A value that a JSON Schema accepts: the same one for the same question.

Understood are the keywords that pydantic, zod and OpenAI's and Claude's strict modes write. `$ref`
is followed; a schema that refers to itself ends where it may.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

_DEEPEST = 6  # a recursive schema takes its shortest way out from here on
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "uri": "https://example.com",
    "uuid": "7d4f8a0e-1c1b-4d5a-9a53-0c6a3a2f9b10",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
# Tried in this order where a pattern is given.
_TEXTS = ("text", "a", "A", "1", "12", "123", "1234", "12345", "AB-123", "ab12", "+15550100")


def instance(schema: Any, question: str, word: str = "text") -> Any:
    """Return a value that the schema accepts; `word` is what its free strings say."""
    root = schema if isinstance(schema, Mapping) else {}
    return _Maker(root, question, word).make(schema, "", 0)


def seed(text: str) -> int:
    """A number that is the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big")


class _Maker:
    def __init__(self, root: Mapping[str, Any], question: str, word: str) -> None:
        self._root = root
        self._question = question
        self._word = word

    def make(self, schema: Any, at: str, depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return self._word
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][seed(self._question + at) % len(schema["enum"])]
        return self._of_kind(_kind(schema, depth), schema, at, depth)

    def _of_kind(self, kind: str, schema: Mapping[str, Any], at: str, depth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, at, depth)
            case "array":
                return self._array(schema, at, depth)
            case "string":
                return self._string(schema)
            case "integer" | "number":
                return self._number(schema, at, whole=kind == "integer")
            case "null":
                return None
        return seed(self._question + at) % 2 == 0

    def _resolved(self, schema: Mapping[str, Any], depth: int) -> Mapping[str, Any]:
        """The schema without references and choices: what they refer to, the first that fits."""
        for _ in range(_DEEPEST):
            if "$ref" in schema:
                schema = self._referred(str(schema["$ref"]))
            elif choices := schema.get("anyOf") or schema.get("oneOf"):
                schema = self._chosen(choices, depth)
            elif schema.get("allOf"):
                schema = self._merged(schema)
        return schema

    def _referred(self, ref: str) -> Any:
        found: Any = self._root
        for part in ref.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name, {}) if isinstance(found, Mapping) else {}
        return found

    def _chosen(self, choices: Sequence[Any], depth: int) -> Any:
        """The first choice; null, if there is one, where a recursion is to end."""
        nothing = [each for each in choices if each.get("type") == "null"]
        return nothing[0] if depth > _DEEPEST and nothing else choices[0]

    def _merged(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        merged = {name: rule for name, rule in schema.items() if name != "allOf"}
        for part in schema["allOf"]:
            found = self._referred(str(part["$ref"])) if "$ref" in part else part
            for name, rule in found.items():
                both = isinstance(rule, Mapping) and isinstance(merged.get(name), Mapping)
                merged[name] = {**merged[name], **rule} if both else rule
        return merged

    def _object(self, schema: Mapping[str, Any], at: str, depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        wanted = schema.get("required", ()) if depth > _DEEPEST else properties
        return {
            name: self.make(properties.get(name, {"type": "string"}), at + name, depth + 1)
            for name in wanted
        }

    def _array(self, schema: Mapping[str, Any], at: str, depth: int) -> list[Any]:
        first = [self.make(each, at, depth + 1) for each in schema.get("prefixItems", ())]
        least = schema.get("minItems", 0)
        wanted = least if depth > _DEEPEST or first else max(least, 1)
        wanted = min(wanted, schema.get("maxItems", wanted))
        item = schema.get("items", {"type": "string"})
        return first + [self.make(item, f"{at}{n}", depth + 1) for n in range(len(first), wanted)]

    def _string(self, schema: Mapping[str, Any]) -> str:
        text = _FORMATS.get(str(schema.get("format")), self._word)
        if pattern := schema.get("pattern"):
            return next((each for each in (text, *_TEXTS) if re.search(pattern, each)), text)
        text = text.ljust(schema.get("minLength", 0), "x")
        return text[: schema.get("maxLength", len(text))]

    def _number(self, schema: Mapping[str, Any], at: str, *, whole: bool) -> int | float:
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        value: int | float = seed(self._question + at) % 100 / (1 if whole else 10)
        if not (low is None or value > low) or not (high is None or value < high):
            value = _between(low, high)
        if whole and value != int(value):
            value = int(value) + ("exclusiveMinimum" in schema)
        if step := schema.get("multipleOf"):
            value = round(step * (int(value / step) or 1), 10)
        return int(value) if whole else value


def _between(low: float | None, high: float | None) -> float:
    if low is None or high is None:
        return low + 1 if low is not None else (high or 0) - 1
    return (low + high) / 2


def _kind(schema: Mapping[str, Any], depth: int) -> str:
    kind = schema.get("type", "array" if "prefixItems" in schema else "object")
    if isinstance(kind, str):
        return kind
    return "null" if depth > _DEEPEST and "null" in kind else str(kind[0])
