from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import router
from router.intake.json_schema import problems

SCHEMA = json.loads((Path(router.__file__).parent / "intake/request.schema.json").read_text())
_scalar = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 130000), st.floats(allow_nan=False), st.text()
)
_turn = st.dictionaries(
    st.sampled_from(["role", "content", "name"]),
    st.one_of(st.sampled_from(["user", "assistant", "system", ""]), _scalar),
)
_values = st.one_of(
    _scalar,
    st.sampled_from(["SIMPLE", "COMPLEX", "a-b_c", "a b", "x\n"]),
    st.lists(_turn, max_size=3),
    st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=300), _scalar), max_size=18),
)
_names = st.sampled_from(list(SCHEMA["properties"]))
_payloads = st.one_of(
    _scalar,
    st.dictionaries(
        st.one_of(st.sampled_from(list(SCHEMA["properties"])), st.text(max_size=4)), _values
    ),
)


@given(_payloads)
def test_the_light_checker_agrees_with_jsonschema(payload: Any) -> None:
    # `$` is the very end, as ECMA-262 has it; for Python's engine a line feed may follow.
    assume(not re.search(r"\\n\"", json.dumps(payload)))
    reference = jsonschema.Draft202012Validator(SCHEMA)

    assert bool(list(problems(payload, SCHEMA))) == (not reference.is_valid(payload))


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_keyword_that_the_checker_does_not_know_cannot_slip_in() -> None:
    with pytest.raises(KeyError):
        list(problems("a", {"type": "string", "format": "uri"}))
