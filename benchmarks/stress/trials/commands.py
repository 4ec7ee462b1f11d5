"""The command line in this process, and whether what it told is fit for a user."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from typer.testing import CliRunner, Result

from app.cli import cli
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, of_error, refused

FEWEST_WORDS = 4
"""Of a sentence: what the system says of an error, such as "Invalid argument", is none."""
_SAID = "pose2action: "
_UNFORESEEN = re.compile(r"the program failed \(")


def run_command(*words: object) -> tuple[Verdict, Result]:
    """Runs ``pose2action`` with these words, and judges how it ended."""
    done = CliRunner().invoke(cli, [str(word) for word in words])
    return _judge(done), done


def _judge(done: Result) -> Verdict:
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        return of_error(done.exception)
    if "Traceback (most recent" in done.output or _UNFORESEEN.search(done.output):
        return failed(f"printed was: {done.output[-2000:]}")
    if done.exit_code == 0:
        return PROCESSED
    told = [line for line in done.stderr.splitlines() if line.startswith(_SAID)]
    if not told:
        return failed(f"exit code {done.exit_code}, and told was only {done.output[-500:]!r}")
    sentence = told[-1].removeprefix(_SAID)
    if len(sentence.split()) < FEWEST_WORDS:
        return failed(f"this tells nobody what to do: {sentence!r}")
    return refused(sentence)


def tree(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of everything in a folder, by its name there; links are not followed."""
    found = {}
    for path in folder.rglob("*"):
        with suppress(OSError):
            state = path.lstat()
            found[str(path.relative_to(folder))] = (state.st_size, state.st_mtime_ns)
    return found
