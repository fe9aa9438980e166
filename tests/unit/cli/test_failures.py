"""Bad input, missing files, no credentials, a wrong region, a closed pipe: a line, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cost_calculator.cli.failures import in_one_line
from router.cli import registry
from router.errors import StoreUnavailable
from tests.support.patience import HANGS_SECONDS

BROKEN = {
    "not-there.jsonl": None,
    "folder": "folder",
    "broken.jsonl": b'{"id": 1, "prompt": \n[1, 2]\nnull\n{"prompt": 3}\n',
    "binary.jsonl": bytes(range(256)),
    "empty.jsonl": b"",
}
OFFLINE = [
    ["classify", "FILE"],
    ["score", "FILE"],
    ["score", "--weights", "FILE", "broken.jsonl"],
    ["explain", "hello", "--weights", "FILE"],
    ["calibrate", "--labels", "FILE", "--out", "out.weights"],
    ["calibrate", "--labels", "broken.jsonl", "--out", "folder"],
    ["batch", "submit", "FILE", "--dry-run"],
    ["report", "--outputs", "FILE"],
    ["price"],
    ["explain", "-"],
]


def faregate(
    *words: str, at: Path, stdin: bytes = b"", **env: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "router", *words],
        cwd=at, input=stdin, capture_output=True, timeout=HANGS_SECONDS, check=False,
        env={**os.environ, **env},
    )  # fmt: skip
    out, err = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
    return subprocess.CompletedProcess(done.args, done.returncode, out, err)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in BROKEN.items():
        if content == "folder":
            (tmp_path / name).mkdir()
        elif isinstance(content, bytes):
            (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("file", BROKEN)
@pytest.mark.parametrize("words", OFFLINE, ids=" ".join)
def test_a_broken_or_missing_file_is_a_line_and_no_traceback(
    words: list[str], file: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    content = BROKEN[file]
    stdin = folder / "stdin"
    stdin.write_bytes(content if isinstance(content, bytes) else b"")
    monkeypatch.chdir(folder)
    with stdin.open(encoding="utf-8") as opened:
        monkeypatch.setattr("sys.stdin", opened)
        try:
            code = registry.main([file if word == "FILE" else word for word in words])
        except SystemExit as end:
            code = end.code

    assert code in (0, 1, 2) or isinstance(code, str)


@pytest.mark.parametrize("variable", ["FAREGATE_CONFIG", "PRICE_OVERRIDES"])
@pytest.mark.parametrize("command", ["breakeven", "capacity"])
@pytest.mark.parametrize("text", ["{", "[]", "3", '{"tiers": {}}'])
def test_a_setting_that_cannot_be_read_is_named(
    variable: str, command: str, text: str, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv(variable, text)

    try:
        code = registry.main([command])
    except SystemExit as end:
        code = end.code

    if variable == "FAREGATE_CONFIG":
        assert "FAREGATE_CONFIG cannot be read" in str(code)
    else:
        assert code == 0 or variable in capsys.readouterr().err + str(code)


def test_a_reader_that_has_enough_ends_the_command_quietly(tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text('{"id": 1, "prompt": "Who wrote Faust?"}\n' * 3000)

    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m router score {prompts} | head -1; echo $PIPESTATUS"],
        capture_output=True, text=True, timeout=HANGS_SECONDS, check=True,
    )  # fmt: skip

    assert done.stderr == ""
    assert done.stdout.splitlines()[1] == "141"


# Nothing listens there; a connection is refused at once.
NOWHERE = ["--endpoint-url", "http://127.0.0.1:9", "--region", "us-east-1"]
KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
CLOUD = [["report"], ["doctor"], ["ask", "hello"], ["rerun"], ["keys", "list"], ["review", "list"]]


@pytest.mark.parametrize("words", CLOUD, ids=" ".join)
@pytest.mark.parametrize(
    ("options", "env", "says"),
    [
        ([], {}, "no region is known: give --region"),
        (["--region", "us-east-1"], {}, "no AWS credentials: run `aws configure`"),
        (["--profile", "nope", "--region", "us-east-1"], {}, "profile (nope) could not be found"),
        (["--region", "no region"], KEYS, "region"),
    ],
    ids=["no region", "no credentials", "no profile", "bad region"],
)
def test_without_region_or_credentials_a_command_says_what_to_give(
    words: list[str], options: list[str], env: dict[str, str], says: str, capsys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for name, value in env.items():
        monkeypatch.setenv(name, value)

    assert registry.main([*words, *options]) == 1

    assert says in capsys.readouterr().err


def test_an_address_where_nothing_answers_is_named(tmp_path: Path) -> None:
    done = faregate("report", *NOWHERE, at=tmp_path, **KEYS)

    assert done.returncode == 1
    assert "Could not connect to the endpoint URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_error_behind_another_is_explained() -> None:
    error = StoreUnavailable("NoCredentialsError")
    error.__cause__ = NoCredentialsError()

    assert "no AWS credentials" in (in_one_line(error) or "")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("ExpiredTokenException", "aws sso login"),
        ("ResourceNotFoundException", "give --name and --region"),
        ("AccessDeniedException", "AccessDeniedException: not yours"),
    ],
)
def test_a_refusal_of_aws_says_what_to_do(code: str, says: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "not yours"}}, "Query")

    assert says in (in_one_line(error) or "")


def test_a_defect_of_ours_keeps_its_traceback() -> None:
    assert in_one_line(KeyError("x")) is None
