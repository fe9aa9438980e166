"""Writes the tables of inputs and outputs into `terraform/README.md`, from the module itself.

python -m tools.module_docs           write them
python -m tools.module_docs --check   exit 1 when they differ
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

MODULE = Path(__file__).resolve().parent.parent / "terraform"
README = MODULE / "README.md"
# In the order of reading; `variables.tf` holds what concerns the whole deployment.
_TOPICS = ("models", "routing", "guards", "answers", "ingress", "workflows", "operations")

_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_HEREDOC = re.compile(r"description\s*=\s*<<-EOT\n(.*?)^\s*EOT$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r'description\s*=\s*"(.*)"$', re.MULTILINE)


def main(arguments: list[str]) -> int:
    """Write the tables, or only compare them; answer the exit status."""
    written = README.read_text(encoding="utf-8")
    wanted = with_tables(written)
    if written == wanted:
        return 0
    if "--check" in arguments:
        print("terraform/README.md is behind the module: run python -m tools.module_docs")
        return 1
    README.write_text(wanted, encoding="utf-8")
    return 0


def with_tables(readme: str) -> str:
    """Return `readme` with the text between its markers written from the module."""
    inputs = "\n".join(_inputs(variables()))
    outputs = "\n".join(_outputs((MODULE / "outputs.tf").read_text(encoding="utf-8")))
    return _between(_between(readme, "inputs", inputs), "outputs", outputs)


def variables() -> str:
    """Return the source of all inputs, in the order of reading."""
    names = ["variables.tf", *(f"variables.{topic}.tf" for topic in _TOPICS)]
    unordered = {path.name for path in MODULE.glob("variables*.tf")} - set(names)
    if unordered:
        raise SystemExit(f"tools/module_docs.py needs a place for {', '.join(sorted(unordered))}")
    return "\n".join((MODULE / name).read_text(encoding="utf-8") for name in names)


def _inputs(source: str) -> Iterator[str]:
    for name, body in _blocks(source):
        yield f"### `{name}`\n\n{_description(name, body)}\n"


def _outputs(source: str) -> Iterator[str]:
    yield "| output | |\n|---|---|"
    for name, body in _blocks(source):
        yield f"| `{name}` | {_description(name, body)} |"


def _blocks(source: str) -> Iterator[tuple[str, str]]:
    return ((match[2], match[3]) for match in _BLOCK.finditer(source))


def _description(name: str, body: str) -> str:
    if heredoc := _HEREDOC.search(body):
        return textwrap.dedent(heredoc[1]).strip()
    if line := _LINE.search(body):
        return line[1].replace('\\"', '"')
    raise SystemExit(f"{name} has no description: say what it is, and what happens without it")


def _between(text: str, marker: str, content: str) -> str:
    begin, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    if begin not in text or end not in text:
        raise SystemExit(f"terraform/README.md needs the markers {begin} and {end}")
    before, rest = text.split(begin, 1)
    return f"{before}{begin}\n{content.strip()}\n{end}{rest.split(end, 1)[1]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
