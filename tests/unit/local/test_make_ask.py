"""`make ask`: a prompt is no code of make's or of the shell's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SHOW = f"{sys.executable} -c 'import sys; sys.stdout.write(sys.argv[-1])'"


@pytest.mark.parametrize(
    "prompt",
    [
        'What is 5% of 200? It\'s "quoted" $HOME $(id) `id` \\n #hash',
        "-n",
        "--help",
        "{% $states.input %}",
        "[bold]no markup[/bold]",
        "!! && ; | > /dev/null",
    ],
)
def test_a_prompt_reaches_the_command_as_it_was_written(prompt: str) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "ask", f"PROMPT={prompt}", f"RUN={SHOW}", "READY="],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == prompt
