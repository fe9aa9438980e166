"""What the workflows answered, in a few lines each, for `make demo-workflows`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_WIDTH = 110


def answer(output: Mapping[str, Any]) -> str:
    """Return what a workflow answered, in a few lines."""
    lines = [f"status {output['status']}"]
    if "confidence" in output:
        lines += [f"confidence {output['confidence']}", output["output"]]
    elif "ranking" in output:
        lines += _ranked(output)
    else:
        lines += _found(output)
    return "\n".join(lines)


def _ranked(output: Mapping[str, Any]) -> Iterator[str]:
    if best := output.get("best"):
        yield f"best: variant {best['variant']}: {cut(best['output'])}"
    for each in output["ranking"]:
        cost = f"${each['cost_usd']}" if "cost_usd" in each else "cost not known"
        yield f"  variant {each['variant']}: score {each.get('score', '-')}, {cost}"
    for each in output["failed"]:
        yield f"  variant {each['variant']} failed: {each['error']}"
    if tie := output.get("tie"):
        yield f"  tie: {', '.join(map(str, tie))}; the cheapest is the best"


def _found(output: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the documents say, or what became of one."""
    if "source" in output:
        yield f"{output['source']}: {output['chunks']} chunks, {output['changed']} of them changed"
    if answered := output.get("answer") or output.get("missing") or output.get("analysis"):
        yield answered
    for each in output.get("citations", ()):
        yield f"  [{each['id']}] {each['source']}: {cut(each['quote'])}"
    for each in output.get("retrievers", ()):
        yield f"  {each['retriever']}: {each.get('error') or str(each['chunks']) + ' passages'}"


def cut(text: str) -> str:
    """Return a text as one line, no longer than a terminal is wide."""
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"
