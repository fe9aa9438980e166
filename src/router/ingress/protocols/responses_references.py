"""Items of Responses that a client names in place of sending them. Pure.

OpenAI keeps responses unless ``store`` is false, and clients that say nothing refer to what they
got: the AI SDK does so for texts and reasoning. Answers are kept here too, under the id of their
request, which the id of each item holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from router.conversation.said import Said
from router.encoding import mapping_of
from router.errors import InvalidRequest
from router.ingress.protocols.responses_reply import output_items
from router.ingress.protocols.responses_tools import Tools, names_of

_ITEM_ID = re.compile(r"(?:msg|rs|fc)_(?P<request>.+)_\d+")

Kept = Callable[[str], Said | None]
"""What was answered to a request by its id, ``None`` if that is not kept."""


def with_items(body: Any, kept: Kept) -> Any:
    """Return a body with the items that it names; raise ``InvalidRequest`` for one not kept."""
    given = mapping_of(body).get("input")
    if not isinstance(given, list) or not any(map(_is_reference, given)):
        return body
    tools = names_of(body) if isinstance(body.get("tools"), list) else {}
    return {**body, "input": list(_items(given, kept, tools))}


def _items(given: list[Any], kept: Kept, tools: Tools) -> Iterator[Any]:
    items: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(given):
        if not _is_reference(item):
            yield item
            continue
        name = str(item.get("id"))
        found = _ITEM_ID.fullmatch(name)
        if found and name not in items and (said := kept(found["request"])):
            items |= {each["id"]: each for each in output_items(found["request"], said, tools)}
        if name not in items:
            raise InvalidRequest(
                f"`input[{index}]` refers to an item that is not kept here: send the item itself,"
                " as clients do with `store` false"
            )
        yield items[name]


def _is_reference(item: Any) -> bool:
    return mapping_of(item).get("type") == "item_reference"
