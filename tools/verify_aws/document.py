"""The table in docs/aws-verified.md: promises, how each is checked, and when it last held on AWS.

python -m tools.verify_aws.document            write it, with the dates that it has
python -m tools.verify_aws.document --check    exit 1 when it differs from the checks
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from tools.verify_aws.claims import CLAIMS
from tools.verify_aws.target import ROOT

DOCUMENT = ROOT / "docs" / "aws-verified.md"
NEVER = "never"
_BLOCK = re.compile(r"(<!-- verified -->\n).*?(<!-- end -->)", re.DOTALL)
_ROW = re.compile(r"^\| `([a-z-]+)` \|.*\| (.*) \|$", re.MULTILINE)


def last_checked(text: str) -> dict[str, str]:
    """Return what the table says of each claim, by its name."""
    return dict(_ROW.findall(text))


def with_table(text: str, checked: Mapping[str, str]) -> str:
    """Return the document with all claims; what was not checked now keeps its date."""
    last = {**last_checked(text), **checked}
    rows = [
        f"| `{claim.name}` | {claim.promise} | {claim.how} | {last.get(claim.name, NEVER)} |"
        for claim in CLAIMS
    ]
    table = ["| | promise | how it is checked | last checked on AWS |", "|---|---|---|---|", *rows]
    drawn = "\n".join(table)
    return _BLOCK.sub(lambda found: f"{found[1]}{drawn}\n{found[2]}", text)


def write(checked: Mapping[str, str]) -> None:
    """Note in the document what was checked, and when."""
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(with_table(text, checked), encoding="utf-8")


def main(arguments: list[str]) -> int:
    text = DOCUMENT.read_text(encoding="utf-8")
    if arguments == ["--check"]:
        if with_table(text, {}) == text:
            return 0
        print("docs/aws-verified.md differs: python -m tools.verify_aws.document", file=sys.stderr)
        return 1
    write({})
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
