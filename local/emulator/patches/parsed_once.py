"""What an expression or a policy says is worked out once, not at each use.

AWS: –
MiniStack 1.5.33: parses each JSONata expression whenever it evaluates it, in a parser that each
execution builds anew, and each policy of the caller at each request: a seventh of its time.
Nobody changes what was parsed, so it is kept; an expression's second is counted from its
evaluation, as before.
"""

import threading
from functools import lru_cache
from typing import Any

from jsonata.jsonata import Jsonata
from jsonata.parser import Parser
from ministack.core import iam_evaluator

_KEPT = 4096


def apply() -> None:
    """Keep syntax trees by their text, and statements by theirs."""
    parser, one_at_a_time = Parser(), threading.Lock()
    parse_policy = iam_evaluator.parse_policy_document

    @lru_cache(_KEPT)
    def parse(expression: str, regex_engine: Any) -> Any:
        with one_at_a_time:
            return Parser.parse(parser, expression, regex_engine)

    @lru_cache(_KEPT)
    def parse_text(document: str) -> Any:
        return parse_policy(document)

    def parse_policy_document(document: Any) -> Any:
        return parse_text(document) if isinstance(document, str) else parse_policy(document)

    parser.parse = parse
    Jsonata.get_parser = staticmethod(lambda: parser)
    iam_evaluator.parse_policy_document = parse_policy_document
