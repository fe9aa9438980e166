"""What a plan would change, as lines that a table can hold: `<address>: <what>`.

`<what>` is `made`, `gone` or `anew`; for a change in place the attribute, down to the part of a
JSON text: `aws_sfn_state_machine.this: definition.States.InvokeOpenAI.Arguments.ApiEndpoint`.
Settings that are in an item are what the item holds, which is another item for each content:
`aws_dynamodb_table_item.settings["analyze"]: FAREGATE_CONFIG.limits.input_bytes`.
A statement of a policy is named by its sid. What the apply alone makes known ends in ` ?`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

MODULE = "module.faregate."

_ACTIONS = {
    ("create",): "made",
    ("delete",): "gone",
    ("create", "delete"): "anew",
    ("delete", "create"): "anew",
}
# What the provider works out of `tags`; the one block that says nothing of a function's variables.
_FOLLOWS = "tags_all"
_SILENT = "variables"
# What the module works out of an item's content: its key, and where a function finds it.
_ITEM, _KEY_OF_ITEM = "aws_dynamodb_table_item.settings", "terraform_data.settings"
_ADDRESS_OF_ITEM = ("environment", "SETTINGS_ITEM")


class Plan:
    """A plan as `terraform show -json` gives it."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._changes = {
            each["address"].removeprefix(MODULE): each["change"]
            for each in plan["resource_changes"]
            if each["mode"] == "managed"
            and not each["address"].removeprefix(MODULE).startswith(_KEY_OF_ITEM)
        }

    def lines(self) -> set[str]:
        """What would change."""
        return {
            f"{address}: {what}"
            for address, change in self._changes.items()
            for what in (_contents if address.startswith(_ITEM) else _whats)(change)
        }

    def expand_all(self, patterns: Iterable[str]) -> list[str]:
        """The lines that patterns stand for, as often as they do."""
        return [line for pattern in patterns for line in sorted(self.expand(pattern))]

    def expand(self, pattern: str) -> set[str]:
        """The lines that a pattern stands for.

        `*` in an address is any text, over all resources which have that attribute and stay.
        """
        address, what = pattern.split(": ")
        if "*" not in address:
            return {pattern}
        whole = what in _ACTIONS.values()
        found = {
            f"{each}: {what}"
            for each, change in self._changes.items()
            if _matches(each, address.split("*"))
            and (whole or _stays_with(what.removesuffix(" ?").split(".")[0], change))
        }
        assert found, f"{pattern} stands for nothing"
        return found


def _stays_with(attribute: str, change: dict[str, Any]) -> bool:
    return tuple(change["actions"]) not in _ACTIONS and attribute in change["before"]


def _matches(text: str, parts: list[str]) -> bool:
    first, *middle, last = parts
    if not (text.startswith(first) and text.endswith(last)):
        return False
    at = len(first)
    for part in middle:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return at <= len(text) - len(last)


def _whats(change: dict[str, Any]) -> Iterator[str]:
    actions = tuple(change["actions"])
    if actions in (("no-op",), ("read",)):
        return
    if actions in _ACTIONS:
        yield _ACTIONS[actions]
    else:
        assert actions == ("update",), actions
        yield from _parts((), change["before"], change["after"], change["after_unknown"])


def _contents(change: dict[str, Any]) -> Iterator[str]:
    """What would change for the reader of an item."""
    before, after = change["before"] or {}, change["after"] or {}
    if not before or not after or before["table_name"] != after.get("table_name"):
        yield from _whats(change)
    if not before or not after:
        return
    if change["after_unknown"].get("item"):
        yield "item ?"
    else:
        yield from _parts((), _variables(before["item"]), _variables(after["item"]), False)


def _variables(item: str) -> dict[str, str]:
    return {name: value["S"] for name, value in json.loads(item).items() if name != "key"}


def _parts(path: tuple[str, ...], before: Any, after: Any, unknown: Any) -> Iterator[str]:
    """The paths of what differs."""
    if path in ((_FOLLOWS,), _ADDRESS_OF_ITEM):
        return
    if unknown is True:
        yield ".".join(path) + " ?"
        return
    before, after = _read(before), _read(after)
    if any(isinstance(each, list) for each in (before, after, unknown)):
        before, after, unknown = _named(before, after, unknown)
    # A statement that is new or gone is one line, other objects are one for each part.
    known = [each for each in (before, after) if isinstance(each, dict)]
    if known and all(isinstance(each, dict) or each is None for each in (before, after)):
        if len(known) == 1 and "Sid" in known[0]:
            yield ".".join(path)
            return
        parts = unknown if isinstance(unknown, dict) else {}
        for name in dict.fromkeys([*(before or {}), *(after or {}), *parts]):
            further = path if name == _SILENT else (*path, str(name))
            yield from _parts(
                further, (before or {}).get(name), (after or {}).get(name), parts.get(name, False)
            )
    elif _said(before) != _said(after):
        yield ".".join(path)


def _said(value: Any) -> Any:
    """Nothing in any of its forms, or the value."""
    return None if value in ("", [], {}) else value


def _read(value: Any) -> Any:
    """A JSON text as what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _named(*lists: Any) -> Iterable[Any]:
    """Lists of objects as objects: by sid, by place; the only one for itself."""
    given = [each for each in lists if isinstance(each, list)]
    objects = [item for each in given[:2] for item in each]
    if not all(isinstance(item, dict) for item in objects):
        return lists
    if any("Sid" in item for item in objects):
        by_sid = [{item["Sid"]: item for item in each or []} for each in lists[:2]]
        return [*by_sid, False]
    if all(len(each) <= 1 for each in given):
        return [each[0] if isinstance(each, list) and each else None for each in lists]
    return [
        dict(enumerate(each)) if isinstance(each, list) else each if each else {} for each in lists
    ]
