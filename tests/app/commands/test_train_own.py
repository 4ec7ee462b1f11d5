"""``pose2action train own/NAME``: from a collection to weights that ``run`` takes, and sentences."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.core.catalogue import Catalogue
from recognizer.own.collection import Collections
from recognizer.training.own.fit import FEWEST
from recognizer.weights import DEFAULT
from tests.recognizer.own.motions import recording


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collections:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    home = Collections()
    for seed in range(3):
        home.make("my gym").add("crouch", recording("crouch", 2.0, seed))
    return home


def run(*words: str) -> tuple[int, str]:
    """Exit code and all that is printed, in one line."""
    done = CliRunner().invoke(cli, list(words))
    return done.exit_code, " ".join(done.output.split())


def test_weights_are_made_that_the_program_takes(home: Collections, tmp_path: Path):
    for seed in range(3, FEWEST):
        home.open("my gym").add("crouch", recording("crouch", 2.0, seed))
    code, said = run("train", "own/my gym")
    path = tmp_path / "data" / "pose2action" / "weights" / "kinetics-18-lsta-own-my gym.safetensors"
    assert code == 0 and "Learnt from 16 recordings. Of 4 others" in said
    assert f"demo --weights {shlex.quote(path.stem)}" in said.replace("\n", " ")
    for chosen in (path, path.stem):
        catalogue = Catalogue.shipped(chosen)
        assert "crouch" in catalogue.cards[catalogue.default].classes
        assert "crouch" in run("weights", str(chosen))[1]
    *shipped, own = Catalogue.shipped().cards
    assert own == path.stem and DEFAULT in shipped, "menus have them too"
    code, said = run("train", "own/my gym", "--into", "here")
    assert code == 0 and (tmp_path / "here" / path.name).is_file() and "here/kinetics-18" in said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("own/my gym",), "missing 17 more of 'crouch'"),
        (("own/none",), "There is no collection 'none'; there are: my gym."),
        (("own/../my gym",), "no name for a collection"),
        (("own/",), "no name for a collection"),
        (("own/my gym", "steps=3"), "with start_from alone"),
        (("own/my gym", "start_from=none"), "There are no weights 'none'"),
        (("own/my gym", "--resume"), "leave --run, --resume and --debug out"),
    ],
)
def test_what_cannot_be_done_is_told(home: Collections, tmp_path: Path, words: tuple, sentence: str):
    code, said = run("train", *words)
    assert code == 1 and sentence in said and "Traceback" not in said
    assert not (tmp_path / "data" / "pose2action" / "weights").exists()
