"""Collections of own actions: what is written can be read, and nothing else is believed or lost."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

from recognizer.data.recordings import labels
from recognizer.data.recordings import read_recording as read_for_training
from recognizer.own import collection as module
from recognizer.own.card import OwnAction
from recognizer.own.collection import Collections
from recognizer.own.errors import CollectionError
from recognizer.own.recordings import Recording, write_recording
from tests.disks import small_disk
from tests.recognizer.own.motions import recording


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


def test_an_action_can_be_renamed_but_not_over_another(home: Collections):
    made = home.make("gym")
    made.add("raise", recording(), both_sides=True)
    made.add("circle", recording())
    with pytest.raises(CollectionError, match="already"):
        made.rename("raise", "Circle")
    assert made.rename("raise", "Lift") == "Lift"
    assert made.rename("Lift", "lift") == "lift", "its own name may be written otherwise"
    assert made.actions() == ("circle", "lift") and made.about("lift").both_sides


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
    with pytest.raises(CollectionError, match=r"collection\.json is damaged"):
        made.add("raise", recording(), both_sides=True)
    assert made.recordings("raise") == (name,), "what is refused is not kept"


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


def test_several_are_kept_all_or_none(home: Collections, monkeypatch: pytest.MonkeyPatch):
    """The third finds the disk full."""
    collection = home.make("gym")
    kept = collection.add_all("lift", [recording(seed=seed) for seed in range(3)])
    assert list(collection.recordings("lift")) == kept and len(kept) == 3
    written: list[Path] = []

    def full(path: Path, each: Recording) -> None:
        if len(written) % 3 == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_recording(path, each)
        written.append(path)

    monkeypatch.setattr("recognizer.own.collection.write_recording", full)
    for action in ("Lift", "duck"):
        written.clear()
        with pytest.raises(OSError, match="No space"):
            collection.add_all(action, [recording()] * 3)
        assert len(written) == 2 and not any(path.exists() for path in written)
    assert list(collection.recordings("lift")) == kept and collection.actions() == ("lift",)


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
    before = made.version()
    made.video("lift", made.recordings("lift")[0]).touch()
    assert made.version() == before, "nothing learns from a video"


def test_a_video_is_no_recording_and_one_without_its_recording_is_none(home: Collections):
    made = home.make("gym")
    name = made.add("raise", recording())
    assert made.videos("raise") == ()
    for each in (name, "other"):
        made.video("raise", each).touch()
    assert made.recordings("raise") == (name,) and made.videos("raise") == (name,)
    made.rename("raise", "lift")
    assert made.videos("lift") == (name,)
    with pytest.raises(CollectionError, match="no name for a recording"):
        made.video("lift", "../x")
