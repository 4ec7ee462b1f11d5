"""Collections of own actions: what is written can be read, and nothing else is believed or lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from pose.layouts import KINETICS_18, MEDIAPIPE_HAND_21, SHREC_22
from pose.skeleton import PersonPose
from recognizer.data.recordings import labels
from recognizer.data.recordings import read_recording as read_for_training
from recognizer.own import collection as module
from recognizer.own.collection import CollectionError, Collections, OwnAction, checked_name
from recognizer.own.recordings import Recording, RecordingError, read_recording, write_recording
from tests.disks import small_disk
from tests.recognizer.own.motions import poses, recording


@pytest.fixture
def home(tmp_path: Path) -> Collections:
    return Collections(tmp_path / "collections")


def test_what_was_recorded_is_read_again(home: Collections):
    made, whole = home.make("gym"), recording("circle")
    name = made.add("circle", whole)
    again = home.open("gym").read("circle", name)
    np.testing.assert_allclose(again.image, whole.image, atol=0.01)
    np.testing.assert_array_equal(again.world, whole.world)
    np.testing.assert_array_equal(again.visibility, whole.visibility)
    np.testing.assert_array_equal(again.times, whole.times)
    assert (again.frame_size, again.landmarks) == (whole.frame_size, whole.landmarks)


def test_prepare_reads_a_collection_as_recordings_of_its_own(home: Collections):
    made = home.make("gym")
    name = made.add("raise", recording("raise"))
    made.add("circle", recording("circle"))
    assert labels(made.folder) == ("circle", "raise")
    joints, confidence = read_for_training(made.folder / "raise" / f"{name}.npz")
    assert joints.shape[2:] == (25, 3) and confidence.all()


def test_time_without_anybody_is_cut_off_at_the_ends_and_kept_in_between():
    whole = poses("raise", 2.0)
    holes = [(t, None if i < 5 or 20 <= i < 23 or i > 55 else pose) for i, (t, pose) in enumerate(whole)]
    cut = Recording.of(holes)
    assert len(cut.times) == 51 and cut.times[0] == 0
    assert list(np.flatnonzero(~cut.detected)) == [15, 16, 17]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ([(i / 30, None) for i in range(60)], "nobody in this recording"),
        (poses("raise", 0.2), "at least 0.4 s"),
        (poses("raise", 21.0), "20 s at most"),
        ([(t, p if i % 4 == 0 else None) for i, (t, p) in enumerate(poses("raise"))], "In most of this"),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence(made: list, told: str):
    with pytest.raises(RecordingError, match=told):
        Recording.of(made)


def _with(path: Path, **changes: np.ndarray) -> Path:
    arrays = dict(np.load(path)) | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


DAMAGE = {
    "NaN": lambda a: {"world_0": np.where(np.arange(4) == 1, np.nan, a["world_0"]).astype(np.float32)},
    "far": lambda a: {"world_0": a["world_0"] * np.float32(1e9)},
    "pickle": lambda a: {"time": np.array([{}], object)},
    "backwards": lambda a: {"time": a["time"][::-1].copy()},
    "no size": lambda a: {"size": np.array([0, 480])},
    "wide": lambda a: {"size": np.array([10**9, 480])},
    "other landmarks": lambda a: {"landmarks_0": a["landmarks_0"][:, :5]},
    "half": lambda a: {"detected_0": a["detected_0"][:7]},
    "long": lambda a: {"time": a["time"] * 50},
    "starts late": lambda a: {"time": a["time"] + 3},
    "unsure": lambda a: {"landmarks_0": a["landmarks_0"] + np.float32(3)},
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_recording_is_refused_and_the_others_stay(home: Collections, kind: str):
    made = home.make("gym")
    bad, good = made.add("raise", recording()), made.add("raise", recording(seed=1))
    path = made.folder / "raise" / f"{bad}.npz"
    _with(path, **DAMAGE[kind](dict(np.load(path))))
    with pytest.raises(RecordingError):
        read_recording(path)
    assert [name for _, name, _ in made.sound()] == [good]


def test_a_file_that_is_cut_short_is_refused(home: Collections):
    made = home.make("gym")
    path = made.folder / "raise" / f"{made.add('raise', recording())}.npz"
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RecordingError, match="no recording of an action"):
        read_recording(path)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "/etc",
        ".hidden",
        "x" * 61,
        "a\nb",
        "a\0b",
        "CON",
        "nul.txt",
        "a:b",
        "dot.",
    ],
)
def test_a_path_is_no_name(home: Collections, name: str):
    with pytest.raises(CollectionError, match="no name"):
        checked_name(name)
    with pytest.raises(CollectionError, match="no name"):
        home.make(name)
    with pytest.raises(CollectionError, match="no name"):
        home.make("gym").add(name, recording())
    assert [path.name for path in home.root.iterdir()] == ["gym"]


def test_names_of_any_language_are_names(home: Collections):
    for name in ("Übung 1", "拍手", "jumping_jack-2"):
        home.make("gym").add(name, recording())
    assert set(home.open("gym").actions()) == {"Übung 1", "拍手", "jumping_jack-2"}


def test_a_link_is_no_collection_and_no_action(home: Collections, tmp_path: Path):
    made = home.make("gym")
    made.add("raise", recording())
    (tmp_path / "outside" / "secret").mkdir(parents=True)
    (home.root / "link").symlink_to(tmp_path / "outside")
    (made.folder / "link").symlink_to(tmp_path / "outside")
    assert home.names() == ("gym",) and made.actions() == ("raise",)
    with pytest.raises(CollectionError):
        home.open("link")
    with pytest.raises(CollectionError):
        made.delete("link")


def test_deleting_can_be_undone(home: Collections):
    made = home.make("gym")
    first, second = made.add("raise", recording(), both_sides=True), made.add("raise", recording(seed=1))
    one = made.delete("raise", first)
    assert made.recordings("raise") == (second,)
    home.restore(one)
    assert made.recordings("raise") == tuple(sorted((first, second)))
    action = made.delete("raise")
    assert made.actions() == ()
    home.restore(action)
    assert made.actions() == ("raise",) and made.about("raise").both_sides
    everything = made.delete()
    assert home.names() == ()
    home.restore(everything)
    assert home.open("gym").recordings("raise") == tuple(sorted((first, second)))


def test_undoing_overwrites_nothing_and_leads_nowhere(home: Collections):
    made = home.make("gym")
    made.add("raise", recording())
    deleted = made.delete("raise")
    new = made.add("raise", recording(seed=2))
    with pytest.raises(CollectionError, match="another of this name"):
        home.restore(deleted)
    assert made.recordings("raise") == (new,)
    for token, place in ((deleted.token, "../../x"), ("../gym", "y"), (deleted.token, "/tmp/x")):
        with pytest.raises(CollectionError):
            home.restore(module.Deleted(token, place))


def test_what_was_deleted_long_ago_is_gone(home: Collections, monkeypatch: pytest.MonkeyPatch):
    made = home.make("gym")
    made.add("raise", recording())
    deleted = made.delete("raise")
    made.add("circle", recording())
    now = time.time_ns()
    monkeypatch.setattr(module.time, "time_ns", lambda: now + int(module.UNDO * 1.1e9))
    made.delete("circle")
    with pytest.raises(CollectionError, match="too long ago"):
        home.restore(deleted)


def test_an_action_can_be_renamed_but_not_over_another(home: Collections):
    made = home.make("gym")
    made.add("raise", recording(), both_sides=True)
    made.add("circle", recording())
    with pytest.raises(CollectionError, match="already"):
        made.rename("raise", "Circle")
    assert made.rename("raise", "Lift") == "Lift"
    assert made.rename("Lift", "lift") == "lift", "its own name may be written otherwise"
    assert made.actions() == ("circle", "lift") and made.about("lift").both_sides


def test_names_that_some_disks_take_for_the_same_are_the_same(home: Collections):
    home.make("gym").add("Raise", recording())
    home.make("GYM").add("raise", recording())
    assert home.names() == ("gym",) and home.open("gym").actions() == ("Raise",)


def test_there_is_an_end_to_everything(home: Collections, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_ACTIONS", 2)
    monkeypatch.setattr(module, "MOST_RECORDINGS", 2)
    monkeypatch.setattr(module, "MOST_COLLECTIONS", 1)
    made = home.make("gym")
    for action in ("a", "b", "a"):
        made.add(action, recording())
    with pytest.raises(CollectionError, match="2 actions"):
        made.add("c", recording())
    with pytest.raises(CollectionError, match="2 recordings"):
        made.add("a", recording())
    with pytest.raises(CollectionError, match="1 collections"):
        home.make("other")


def test_the_card_is_replaced_whole(home: Collections, tmp_path: Path):
    made = home.make("gym")
    made.add("raise", recording(), both_sides=True)
    former = tmp_path / "former.json"
    os.link(made.folder / "collection.json", former)  # shows what becomes of the file that is there
    before = former.read_text()
    made.describe("raise", OwnAction(both_sides=False))
    assert former.read_text() == before and not made.about("raise").both_sides


def test_a_damaged_card_is_told_and_takes_no_recordings_with_it(home: Collections):
    made = home.make("gym")
    name = made.add("raise", recording(), both_sides=True)
    (made.folder / "collection.json").write_text(json.dumps({"actions": {"../x": {}}}))
    with pytest.raises(CollectionError, match=r"collection\.json is damaged"):
        made.about("raise")
    assert made.recordings("raise") == (name,)


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path):
    with small_disk(tmp_path / "disk", "256k") as disk:
        made = Collections(disk).make("gym")
        kept = made.add("raise", recording())
        with pytest.raises(OSError, match="No space"):
            for seed in range(9):
                made.add("circle", recording(seed=seed, seconds=3))
        made.read("raise", kept)
        assert all(made.read(action, name) for action, name, _ in made.sound())
        assert not [p for p in made.folder.rglob("*") if p.is_file() and p.suffix == ".part"]


def test_an_action_that_could_not_be_written_is_not_there(home: Collections, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write_recording", full)
    with pytest.raises(OSError, match="No space"):
        home.make("gym").add("raise", recording())
    assert home.open("gym").actions() == ()


def test_two_who_teach_at_once_lose_nothing(home: Collections):
    home.make("gym")
    whole = recording()

    def teach(action: str) -> None:
        for _ in range(6):
            Collections(home.root).open("gym").add(action, whole)

    threads = [threading.Thread(target=teach, args=(each,)) for each in ("raise", "raise", "circle")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = home.open("gym")
    assert [len(made.recordings(action)) for action in ("raise", "circle")] == [12, 6]


def test_a_program_that_is_killed_while_it_records_leaves_whole_files(home: Collections):
    code = """
        import sys
        from pathlib import Path
        from recognizer.own.collection import Collections
        from tests.recognizer.own.motions import recording
        made, whole = Collections(Path(sys.argv[1])).make("gym"), recording()
        while True:
            print(made.add("raise", whole), flush=True)
    """
    root = Path(__file__).parents[3]
    for after in (1, 3, 4):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code), str(home.root)],
            cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        told = [process.stdout.readline().strip() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        process.wait()
        made = home.open("gym")
        assert set(told) <= set(made.recordings("raise"))
        assert [name for _, name, _ in made.sound()] == list(made.recordings("raise"))
    made.add("raise", recording())


def test_the_version_tells_of_every_change(home: Collections):
    made, versions = home.make("gym"), set()
    for change in (
        lambda: made.add("raise", recording()),
        lambda: made.add("raise", recording()),
        lambda: made.rename("raise", "lift"),
        lambda: made.describe("lift", OwnAction(both_sides=True)),
        lambda: made.delete("lift", made.recordings("lift")[0]),
    ):
        change()
        versions.add(made.version())
    assert len(versions) == 5


def test_a_hand_is_kept_as_well(tmp_path: Path):
    rng = np.random.default_rng(0)
    hand = []
    for frame in range(30):
        image, world = rng.uniform(0, 400, (21, 2)), rng.normal(0, 0.05, (21, 3))
        hand.append((frame / 30, PersonPose(image, world, np.ones(21), (640, 480), MEDIAPIPE_HAND_21)))
    write_recording(tmp_path / "hand.npz", Recording.of(hand))
    again = read_recording(tmp_path / "hand.npz")
    assert again.sequence(SHREC_22).joints.shape == (1, 30, 22, 3)
    with pytest.raises(RecordingError, match="shows a hand"):
        again.sequence(KINETICS_18)
