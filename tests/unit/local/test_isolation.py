from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from local import cloud
from local.isolation import isolate

ROOT = Path(__file__).resolve().parents[3]


def test_no_aws_setting_of_the_users_shell_is_left() -> None:
    environment = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL_STEPFUNCTIONS": "https://states.us-east-1.amazonaws.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HOME": "/home/me",
    }

    isolate(environment)

    assert environment == {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": "/home/me",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }


def test_loopback_goes_past_a_proxy_that_the_internet_still_needs() -> None:
    environment = {"https_proxy": "http://proxy:3128", "no_proxy": "intranet,localhost"}

    isolate(environment)

    assert environment["https_proxy"] == "http://proxy:3128"
    assert environment["no_proxy"] == "intranet,localhost,127.0.0.1"


@pytest.mark.parametrize("text", ["abc", "-1", "65536", "80.5"])
def test_a_port_that_is_none_says_what_to_write(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_EMULATOR_PORT", text)

    with pytest.raises(cloud.CloudError, match="write a number from 0 to 65535"):
        cloud.port_from("LOCAL_EMULATOR_PORT")


PROMPT = """a "q" $HOME $(id) `id` {% $states.input %} \\n 's' # h $$"""


@pytest.mark.parametrize("given", ["as an argument", "as a variable of the shell"])
def test_make_hands_a_prompt_on_as_it_was_written(given: str, tmp_path: Path) -> None:
    # A copy of the real Makefile whose interpreter only prints what it was given.
    printer = tmp_path / ".venv" / "bin" / "python"
    printer.parent.mkdir(parents=True)
    printer.write_text("#!/bin/sh\nprintenv PROMPT\n")
    printer.chmod(0o755)
    rules = (ROOT / "Makefile").read_text()
    (tmp_path / "Makefile").write_text(rules.replace("ask: $(READY)", "ask:"))
    argument = [f"PROMPT={PROMPT}"] if given == "as an argument" else []
    variable = {} if argument else {"PROMPT": PROMPT}

    done = subprocess.run(
        ["make", "--silent", "ask", *argument],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **variable},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == PROMPT + "\n"
