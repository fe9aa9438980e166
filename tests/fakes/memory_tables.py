"""The tables of ``analyze`` in memory: the same promises as DynamoDB's, without the wire."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from router.acceptance.ports import Acceptance, ReadResult
from router.guards.conditional_update import ConditionalUpdate, Item

_TOKEN = re.compile(r":\w+|attribute_(?:not_)?exists\(\w+\)|\w+|<=|>=|[<>=()]")
_WORDS = {"AND": "and", "OR": "or", "=": "=="}
_CLAUSE = re.compile(r"(SET|ADD) (.*?)(?= (?:SET|ADD) |$)")


class _Absent:
    """Compares as DynamoDB compares what is not there: never."""

    def __lt__(self, _other: object) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __eq__(self, _other: object) -> bool:
        return False

    __hash__ = None  # type: ignore[assignment]


class MemoryTables:
    """What ``accept`` needs of the tables; see ``router.aws.accept_store``."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Item]] = {}
        self.control: dict[str, Item] = {}
        self.calls: list[str] = []

    def read(self, control_keys: Collection[str], cache_key: str | None = None) -> ReadResult:
        if not control_keys and not cache_key:
            return ReadResult()
        self.calls.append("read")
        found = {key: dict(self.control[key]) for key in control_keys if key in self.control}
        cached = self.rows.get(cache_key, {}).get("CONTENT") if cache_key else None
        return ReadResult(found, cached)

    def accept(self, rows: Sequence[Item], guards: Sequence[ConditionalUpdate] = ()) -> Acceptance:
        self.calls.append("accept")
        request_id = rows[0]["request_id"]
        if request_id in self.rows:
            return Acceptance(existing=self.rows[request_id])
        items = {action.key: self.control.get(action.key, {}) for action in guards}
        refused = {a.key: dict(items[a.key]) for a in guards if not holds(a, items[a.key])}
        if refused:
            return Acceptance(refused=refused)
        self.rows[request_id] = {row["item"]: dict(row) for row in rows}
        for action in guards:
            self.control[action.key] = applied(action, items[action.key])
        return Acceptance()

    def rows_of(self, request_id: str) -> dict[str, Item]:
        return self.rows[request_id]

    def record_opinion(
        self, request: Item, routed: Mapping[str, Any], outcome: Mapping[str, Any]
    ) -> bool:
        rows = self.rows[request["request_id"]]
        if "outcome" in rows["ATTEMPT#00"]:
            return False
        rows["REQUEST"] |= routed
        rows["ATTEMPT#00"] |= outcome
        return True


def holds(action: ConditionalUpdate, item: Item) -> bool:
    """Evaluate an action's condition on the item as it stands."""
    words = [_word(token) for token in _TOKEN.findall(action.condition)]
    scope = {"item": item, "values": action.values, "absent": _Absent()}
    return bool(eval(" ".join(words), {"__builtins__": {}}, scope))


def applied(action: ConditionalUpdate, item: Item) -> Item:
    """Return the item after the action's update."""
    changed = {"key": action.key, **item}
    for verb, terms in _CLAUSE.findall(action.update):
        for term in terms.split(", "):
            name, _, value = term.replace(" = ", " ").partition(" ")
            given = action.values[value]
            changed[name] = given if verb == "SET" else changed.get(name, Decimal(0)) + given
    return changed


def _word(token: str) -> str:
    if token in _WORDS or token in ("<=", ">=", "<", ">", "(", ")"):
        return _WORDS.get(token, token)
    if found := re.fullmatch(r"attribute_(not_)?exists\((\w+)\)", token):
        return f"('{found[2]}' {'not ' if found[1] else ''}in item)"
    if token.startswith(":"):
        return f"values['{token}']"
    return f"(item['{token}'] if '{token}' in item else absent)"
