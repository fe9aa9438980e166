"""The module names no partition: GovCloud and China have others."""

from __future__ import annotations

import re

from tools import module_docs

_ARN = re.compile(r"arn:aws[\w-]*:")


def test_no_file_of_the_module_names_a_partition() -> None:
    sources = sorted(module_docs.MODULE.glob("*.tf"))

    assert sources
    assert [path.name for path in sources if _ARN.search(path.read_text(encoding="utf-8"))] == []
