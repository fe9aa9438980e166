"""An expression is parsed once, not at each use.

AWS: –
MiniStack 1.5.33: parses each JSONata expression whenever it evaluates it, in a new parser for
each execution; together with the policies (`iam.parsed_policies`) that is a seventh of its time.
Nobody changes what was parsed, so it is kept; an expression's second is counted from its
evaluation, as before.
"""

import threading
from functools import lru_cache
from typing import Any

from jsonata.jsonata import Jsonata
from jsonata.parser import Parser

from local.emulator.patches.registry import exchanges

_KEPT = 4096


@exchanges(Jsonata, "get_parser")
def one_parser(_original: object) -> Any:
    """Keep syntax trees by their text."""
    parser, one_at_a_time = Parser(), threading.Lock()

    @lru_cache(_KEPT)
    def parse(expression: str, regex_engine: Any) -> Any:
        with one_at_a_time:
            return Parser.parse(parser, expression, regex_engine)

    parser.parse = parse
    return staticmethod(lambda: parser)
