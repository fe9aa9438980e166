"""One's own prompts become requests, and a line that cannot is named."""

import pytest

from local.demo import read_requests


def test_a_line_is_a_request_in_json_or_the_prompt_itself(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text('{"input": "a", "tenant": "acme"}\n\nWhat is {x}?\n', encoding="utf-8")

    assert read_requests(file) == [{"input": "a", "tenant": "acme"}, {"input": "What is {x}?"}]


@pytest.mark.parametrize(("text", "message"), [("{no", r"mine:1: .*write \{"), ("", "no prompts")])
def test_what_cannot_be_read_is_said(tmp_path, text, message):
    file = tmp_path / "mine"
    file.write_text(text)

    with pytest.raises(ValueError, match=message):
        read_requests(file)
