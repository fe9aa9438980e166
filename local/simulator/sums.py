"""The first sum or percentage of a question, worked out."""

import ast
import operator
import re
from collections.abc import Callable
from typing import Any

_OPERATORS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_SUM = re.compile(r"[-+(]*\d[\d.,]*(?:\s*[-+*/×÷x]\s*[-+(]*\d[\d.,]*\)*)+")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent)\s+of\s+\$?(\d[\d,]*(?:\.\d+)?)", re.I)


def calculate(question: str) -> str | None:
    """The value of the first sum or percentage in a question, or None."""
    if percent := _PERCENT.search(question):
        part, whole = (float(group.replace(",", "")) for group in percent.groups())
        return _format(part * whole / 100)
    if found := _SUM.search(question):
        text = found[0].replace(",", "").replace("×", "*").replace("x", "*").replace("÷", "/")
        try:
            return _format(_evaluate(ast.parse(text.rstrip("."), mode="eval").body))
        except (SyntaxError, ValueError, ZeroDivisionError, OverflowError):
            return None
    return None


def _evaluate(node: ast.expr) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return float(_OPERATORS[type(op)](_evaluate(left), _evaluate(right)))
    raise ValueError("not a sum")


def _format(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4f}".rstrip("0")
