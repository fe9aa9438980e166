"""No two requests share a key, a folder or the name of an execution, whatever tenants and ids."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cost_calculator.row_keys import folder_of, key_of, request_id_of, tenant_of
from router.executions.names import execution_name
from router.intake.identity import is_request_id, is_tenant, requested_key

_ID_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
# Few characters, so that ids look like tenants and like each other's prefixes.
IDS = st.text("ar-_1", min_size=1, max_size=5) | st.text(_ID_CHARACTERS, min_size=1, max_size=80)
TENANTS = (
    st.just("default")
    | st.text("ar-_1.@", min_size=1, max_size=5)
    | st.text(_ID_CHARACTERS + ".@", min_size=1, max_size=64)
)
PAIRS = st.tuples(TENANTS, IDS)
FIELDS = st.sampled_from(["tenant", "request_id", "input", "rerun"])


def key_of_pair(pair):
    return key_of(*pair)


@settings(max_examples=200, deadline=None)
@given(one=PAIRS, other=PAIRS)
def test_two_requests_share_no_key_no_folder_and_no_name(one, other):
    if one == other:
        return
    assert key_of(*one) != key_of(*other)
    assert not f"{folder_of(key_of(*one))}/".startswith(f"{folder_of(key_of(*other))}/")
    assert execution_name(*one) != execution_name(*other)


@settings(max_examples=200, deadline=None)
@given(pair=PAIRS)
def test_a_key_says_whose_request_it_is(pair):
    assert is_tenant(pair[0])
    assert is_request_id(pair[1])
    assert (tenant_of(key_of(*pair)), request_id_of(key_of(*pair))) == pair


@settings(max_examples=200, deadline=None)
@given(
    tenant=st.text(max_size=70),
    request_id=st.text(max_size=90),
    run=st.integers(1, 10**6),
    turn=st.integers(0, 10**6) | st.text(max_size=10),
)
def test_a_name_is_one_that_step_functions_takes_and_never_an_id_that_a_caller_may_choose(
    tenant, request_id, run, turn
):
    name = execution_name(tenant, request_id, run, turn)

    assert re.fullmatch("[0-9A-Za-z_-]{1,80}", name)
    # Only a name that holds its own hash would be a derived one.
    assert execution_name(tenant, name) != name


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | PAIRS.map(key_of_pair),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(payload=JSON, name=st.text(max_size=90))
def test_whatever_a_run_was_started_with_its_rows_are_looked_for_under_one_key(payload, name):
    key = requested_key(payload, name)

    assert isinstance(key, str)
    if isinstance(payload, dict) and "/" in str(payload.get("request_id", "")):
        assert key == name or request_id_of(key) == name


@settings(max_examples=200, deadline=None)
@given(pair=PAIRS, runs=st.lists(st.integers(1, 9), unique=True, min_size=2, max_size=2))
def test_each_run_and_each_turn_of_a_request_has_a_name_of_its_own(pair, runs):
    names = {execution_name(*pair, run, turn) for run in runs for turn in (0, 1, "1", "t")}

    assert len(names) == 8


@settings(max_examples=300, deadline=None)
@given(tenant=st.text(max_size=10), request_id=st.text(max_size=10))
def test_a_name_with_the_separator_in_it_is_no_key(tenant, request_id):
    if not tenant or "/" in tenant + request_id:
        with pytest.raises(ValueError, match="slash"):
            key_of(tenant, request_id)
    assert not is_tenant(f"{tenant}/{request_id}")
    assert not is_request_id(f"{tenant}/{request_id}")
