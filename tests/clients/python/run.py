"""Tries one client of this folder: what it can do is a function of its module, or of a part of it.

Reads the questions as JSON, one a cell of the table; prints a line of JSON for each: what came, or
the error that its user sees. The clients are unchanged; each module uses its own as its users do.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

from shared import Ask, called

# Cells that are another function's, asked otherwise.
_BY = {"error": "text", "broken": "stream", "cancel": "stream"}


def tried(client: Any, cell: str, ask: Ask) -> dict[str, Any]:
    function = getattr(client, _BY.get(cell, cell), None)
    if function is None:
        return {"lacks": True}
    called.clear()
    pieces: list[str] = []
    try:
        if _BY.get(cell, cell) != "stream":
            return {"text": function(ask), "called": list(called)}
        stream = function(ask)
        for piece in stream:
            pieces.append(piece)
            if cell == "cancel" and "".join(pieces):
                stream.close()
                break
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}", "pieces": pieces}
    return {"pieces": pieces}


if __name__ == "__main__":
    module, _, part = sys.argv[1].partition(".")
    client = importlib.import_module(module)
    client = getattr(client, part) if part else client
    for name, asked in json.load(sys.stdin).items():
        print(json.dumps({"cell": name, **tried(client, name, Ask(**asked))}), flush=True)
