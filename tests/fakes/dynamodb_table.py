"""One table of the fake: its items, what a write does to one of them, what a read shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.conditions import InvalidExpression, Item, condition
from tests.fakes.expressions import check, names_in, projected, updated

Key = tuple[str, ...]

# As one megabyte would: who reads a table must go on to the next page.
_ITEMS_A_PAGE = 40


def copied(item: Item) -> Item:
    """Return an item that its reader may change."""
    return {name: dict(value) for name, value in item.items()}


@dataclass
class Table:
    """Items by their key; ``bare_indexes`` hold keys alone (KEYS_ONLY)."""

    keys: Key
    indexes: dict[str, Key] = field(default_factory=dict)
    bare_indexes: frozenset[str] = frozenset()
    items: dict[Key, Item] = field(default_factory=dict)

    def key_of(self, item: Item) -> Key:
        found = tuple(item.get(name, {}).get("S", "") for name in self.keys)
        if not all(found):
            raise InvalidExpression(f"the key is two texts at most, none empty: {self.keys}")
        return found

    def bare_key(self, key: Item) -> Key:
        if set(key) != set(self.keys):
            raise InvalidExpression(f"the key is {self.keys}, not {sorted(key)}")
        return self.key_of(key)

    def query(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return a page of the items under one key of the table or of an index, in their order."""
        index, wanted = asked.get("IndexName"), asked["KeyConditionExpression"]
        if index and (index not in self.indexes or asked.get("ConsistentRead")):
            raise InvalidExpression(f"no such index, or a consistent read of one: {index}")
        keys = self.indexes[index] if index else self.keys
        named = names_in(wanted, asked.get("ExpressionAttributeNames") or {})
        if not {keys[0]} <= named <= set(keys):
            raise InvalidExpression(f"a query is on {keys}, not on {sorted(named)}")
        indexed = [item for item in self.items.values() if set(keys) <= set(item)]
        if index in self.bare_indexes:
            held = {*self.keys, *keys}
            indexed = [{name: item[name] for name in held} for item in indexed]
        indexed.sort(
            key=lambda item: [item[name]["S"] for name in keys],
            reverse=not asked.get("ScanIndexForward", True),
        )
        return self._page(indexed, keys, asked, wanted)

    def scan(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return a page of all items."""
        return self._page(list(self.items.values()), self.keys, asked, None)

    def _page(
        self, ordered: list[Item], keys: Key, asked: dict[str, Any], wanted: str | None
    ) -> dict[str, Any]:
        names, values = (
            asked.get("ExpressionAttributeNames"),
            asked.get("ExpressionAttributeValues"),
        )
        chosen, shape = asked.get("FilterExpression"), asked.get("ProjectionExpression")
        check([text for text in (wanted, chosen, shape) if text], names, values)
        scope = (names or {}, values or {})
        start = asked.get("ExclusiveStartKey")
        if start is not None:
            place = [self.key_of(item) for item in ordered].index(self.key_of(start))
            ordered = ordered[place + 1 :]
        if wanted:
            ordered = [item for item in ordered if condition(wanted)(item, *scope)]
        most = min(asked.get("Limit", _ITEMS_A_PAGE), _ITEMS_A_PAGE)
        read, rest = ordered[:most], ordered[most:]
        keep = projected(shape, names or {}) if shape else copied
        shown = [keep(i) for i in read if not chosen or condition(chosen)(i, *scope)]
        page = {"Items": shown, "Count": len(shown), "ScannedCount": len(read)}
        # The service cannot know that nothing follows an exact limit.
        if rest or len(read) == asked.get("Limit"):
            page["LastEvaluatedKey"] = {name: read[-1][name] for name in {*self.keys, *keys}}
        return page


class Write:
    """One action on one item, checked before it is done."""

    def __init__(self, table: Table, verb: str, action: dict[str, Any]) -> None:
        if verb not in ("Put", "Update", "Delete", "ConditionCheck"):
            raise InvalidExpression(f"not known here: {verb}")
        self._table, self._verb, self._action = table, verb, action
        self._names = action.get("ExpressionAttributeNames")
        self._values = action.get("ExpressionAttributeValues")
        self._condition = action.get("ConditionExpression")
        self._update = action.get("UpdateExpression")
        texts = [text for text in (self._condition, self._update) if text]
        check(texts, self._names, self._values)
        is_put = verb == "Put"
        self._key = table.key_of(action["Item"]) if is_put else table.bare_key(action["Key"])
        self.before = table.items.get(self._key)

    def place(self) -> tuple[int, Key]:
        return id(self._table), self._key

    def holds(self) -> bool:
        scope = (self.before or {}, self._names or {}, self._values or {})
        return not self._condition or condition(self._condition)(*scope)

    def refusal(self) -> dict[str, Any]:
        """Return why the transaction was not done, with the item where the action asks for it."""
        if self.holds():
            return {"Code": "None"}
        shows = self._action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        shown = {"Item": copied(self.before)} if shows and self.before is not None else {}
        return {"Code": "ConditionalCheckFailed", **shown}

    def plan(self) -> Callable[[], None]:
        """Return what does it; whatever the service refuses, it refuses here."""
        items, key = self._table.items, self._key
        if self._verb == "ConditionCheck":
            return lambda: None
        if self._verb == "Delete":
            return lambda: items.pop(key, None) and None
        if self._verb == "Put":
            after = copied(self._action["Item"])
        else:
            before = copied(self.before or self._action["Key"])
            after = updated(self._update or "", before, self._names or {}, self._values or {})
            if self._table.key_of(after) != key:
                raise InvalidExpression("an update cannot change the key")
        return lambda: items.update({key: after})


def pages(read: Callable[..., dict[str, Any]], asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield page after page."""
    while True:
        page = read(**asked)
        yield page
        if "LastEvaluatedKey" not in page:
            return
        asked = {**asked, "ExclusiveStartKey": page["LastEvaluatedKey"]}
