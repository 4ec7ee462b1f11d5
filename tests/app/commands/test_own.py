"""``pose2action teach`` and ``own``: the user's folder, changed whole or not at all, and sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from recognizer.own.collection import Collections
from recognizer.own.cuts import LONGEST_ROW
from recognizer.own.recordings import Recording, RecordingError
from tests.recognizer.own.motions import recording
from tests.recognizer.own.rows import row


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Collections:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return Collections()


def run(*words: str) -> tuple[int, str]:
    """Exit code and all that is printed, in one line."""
    done = CliRunner().invoke(cli, list(words))
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
def videos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two videos of somebody who lifts an arm, and one of nobody."""

    def watched(path: str, *_: object):
        if "nobody" in path:
            raise RecordingError(f"{path}: no person is in the picture.")
        return recording("raise")

    monkeypatch.setattr("app.video.recording.record_video", watched)
    paths = [tmp_path / name for name in ("a.mp4", "b.mp4", "nobody.mp4")]
    for path in paths:
        path.touch()
    return [str(path) for path in paths]


def test_teaching_listing_showing_and_deleting(home: Collections, videos: list[str]):
    assert "no own actions yet" in run("own", "list")[1]
    code, said = run("teach", "gym", "lift", *videos[:2], "--both-sides")
    assert code == 0 and "gym/lift/" in said and "lift has 2 now" in said
    assert home.open("gym").about("lift").both_sides
    assert "gym" in run("own", "list")[1] and "lift" in run("own", "list")[1]
    assert "lift, either side" in run("own", "show", "gym")[1]
    assert "kept" not in run("own", "show", "gym")[1]
    made = home.open("gym")
    made.video("lift", made.recordings("lift")[0]).touch()
    assert run("own", "show", "gym")[1].count("kept") == 1
    code, said = run("own", "delete", "gym", "lift")
    assert code == 0 and home.open("gym").actions() == ()


def test_a_video_of_several_is_cut_at_rest(home: Collections, videos: list[str], monkeypatch):
    asked = []

    def watched(path: str, *_: object, longest: float) -> Recording:
        asked.append(longest)
        spans = [] if "nobody" in path else [(1.0, 3.0), (4.0, 6.0), (7.0, 9.0)]
        return row("raise", spans, 10.0, longest=longest)

    monkeypatch.setattr("app.video.recording.record_video", watched)
    code, said = run("teach", "gym", "lift", *videos[:2], "--cuts")
    assert code == 0 and "Kept 6, each from one rest to the next" in said and asked == [LONGEST_ROW] * 2
    assert len(home.open("gym").recordings("lift")) == 6
    code, said = run("teach", "gym", "duck", videos[0], videos[2], "--cuts")
    assert code == 1 and "nobody.mp4: No rests were seen" in said
    assert home.open("gym").actions() == ("lift",)


def test_either_all_videos_teach_or_none(home: Collections, videos: list[str]):
    code, said = run("teach", "gym", "lift", *videos)
    assert code == 1 and "no person is in the picture" in said
    assert home.names() == ()


def test_exporting_and_importing(home: Collections, videos: list[str], tmp_path: Path):
    run("teach", "gym", "lift", videos[0])
    code, said = run("own", "export", "gym", "--out", "plain.zip")
    assert code == 0 and "video" not in said
    made = home.open("gym")
    made.video("lift", made.recordings("lift")[0]).touch()
    code, said = run("own", "export", "gym")
    assert code == 0 and (tmp_path / "gym.zip").exists()
    assert "Without videos: those of 1 recordings are only in" in said
    code, said = run("own", "export", "gym")
    assert code == 1 and "there already" in said
    code, said = run("own", "import", "gym.zip")
    assert code == 1 and "There is a collection 'gym' already" in said
    assert run("own", "import", "gym.zip", "--name", "home")[0] == 0
    assert home.names() == ("gym", "home")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("teach", "../x", "lift", "a.mp4"), "no name for a collection"),
        (("teach", "gym", "a/b", "a.mp4"), "no name for an action"),
        (("teach", "gym", "lift", "missing.mp4"), "there is no such video"),
        (("teach", "gym", "lift", "a.mp4", "b.mp4", "--start", "1"), "are of one video"),
        (("own", "show", "none"), "There is no collection 'none'"),
        (("own", "delete", "none"), "There is no collection 'none'"),
        (("own", "export", "none"), "There is no collection 'none'"),
        (("own", "import", "a.mp4"), "a.mp4 is no collection"),
        (("own", "import", "missing.zip"), "No such file"),
        (("own", "bank", "none"), "There are no weights 'none'"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    home: Collections, videos: list[str], words: tuple[str, ...], sentence: str
):
    code, said = run(*words)
    assert code == 1 and sentence in said and "Traceback" not in said
    assert home.names() == ()


def test_run_names_own_actions_of_a_collection_that_exists(home: Collections, videos: list[str]):
    code, said = run("run", videos[0], "--own", "none")
    assert code == 1 and "Traceback" not in said
