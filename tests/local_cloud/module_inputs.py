"""The settings of the module, each optional attribute by its path, out of its `variables*.tf`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tools import module_docs

_BLOCK = re.compile(r'^variable "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_TYPE = re.compile(r"^  type\s*=\s*", re.MULTILINE)
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\w.-]+|[^\s\w]')
_EACH = "*"


def paths() -> Iterator[str]:
    """Yield `limits.input_bytes` and its like; `*` is any name of a map, any place of a list.

    A group that may be null is a setting of its own: `queue` is there or not.
    """
    for name, body in _BLOCK.findall(module_docs.variables()):
        start = _TYPE.search(body)
        assert start, f"variable {name} has no type"
        if body.startswith("object(", start.end()) and "nullable" not in body:
            yield name
        yield from _Type(_TOKEN.findall(body[start.end() :])).paths(name)


class _Type:
    """A type constraint of Terraform, read from its beginning."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens

    def paths(self, path: str) -> list[str]:
        """Return the paths of what has no attributes of its own; read past the type."""
        kind = self._next()
        if kind == "object":
            self._expect("({")
            found = []
            while (name := self._next()) != "}":
                if name != ",":
                    self._expect("=")
                    found += self.paths(f"{path}.{name}")
            self._expect(")")
            return found
        if kind in ("map", "list", "set"):
            self._expect("(")
            found = self.paths(f"{path}.{_EACH}")
            self._expect(")")
            # A map of numbers is one setting.
            return [path] if found == [f"{path}.{_EACH}"] else found
        if kind == "optional":
            self._expect("(")
            found = self.paths(path)
            self._skip_default()
            return found
        return [path]

    def _skip_default(self) -> None:
        depth = 1
        while depth:
            token = self._next()
            depth += (token in "([{") - (token in ")]}")

    def _next(self) -> str:
        return self._tokens.pop(0)

    def _expect(self, tokens: str) -> None:
        for token in tokens:
            found = self._next()
            assert found == token, f"the variables have {found} where {token} belongs"
