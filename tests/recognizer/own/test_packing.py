"""Zips of collections: there and back, and all that a zip may lie about."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recognizer.own import packing
from recognizer.own.collection import Collection, Collections
from recognizer.own.errors import CollectionError
from recognizer.own.packing import export_collection, import_collection
from tests.disks import small_disk
from tests.recognizer.own.motions import recording


@pytest.fixture
def gym(home: Collections) -> Collection:
    made = home.make("gym")
    made.add("raise", recording(), both_sides=True)
    made.add("raise", recording(seed=1))
    made.add("circle", recording("circle"))
    return made


def test_there_and_back(home: Collections, gym: Collection, tmp_path: Path):
    packed = export_collection(gym, tmp_path / "gym.zip")
    again = import_collection(Collections(tmp_path / "elsewhere"), packed)
    assert again.name == "gym" and again.actions() == gym.actions()
    for action in gym.actions():
        assert again.recordings(action) == gym.recordings(action)
        assert again.about(action) == gym.about(action)
    files = [p.relative_to(gym.folder) for p in gym.folder.rglob("*.npz")]
    assert all((again.folder / p).read_bytes() == (gym.folder / p).read_bytes() for p in files)


def test_videos_stay_where_they_are(home: Collections, gym: Collection, tmp_path: Path):
    gym.video("circle", gym.recordings("circle")[0]).write_bytes(b"large")
    packed = export_collection(gym, tmp_path / "gym.zip")
    assert not [name for name in zipfile.ZipFile(packed).namelist() if name.endswith(".mp4")]
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("gym/circle/a.mp4", b"large")
    with pytest.raises(CollectionError, match=r"a\.mp4', which none has"):
        import_collection(home, packed, "other")


def test_a_name_that_is_taken_is_told_and_another_can_be_given(
    home: Collections, gym: Collection, tmp_path: Path
):
    packed = export_collection(gym, tmp_path / "gym.zip")
    with pytest.raises(CollectionError, match="already"):
        import_collection(home, packed)
    assert import_collection(home, packed, "gym 2").actions() == gym.actions()
    assert home.names() == ("gym", "gym 2")


def _entry(name: str, mode: int = 0o100644) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    return entry


def _add(name: str, content: bytes = b"x", mode: int = 0o100644) -> Callable[[zipfile.ZipFile], None]:
    return lambda archive: archive.writestr(_entry(name, mode), content)


LIES = {
    "a path out": _add("gym/../../../evil.npz"),
    "a path out as its folder": _add("../raise/evil.npz"),
    "an absolute path": _add("/etc/raise/evil.npz"),
    "a backslash": _add("gym\\..\\..\\evil.npz"),
    "a drive": _add("C:/raise/evil.npz"),
    "a link": _add("gym/raise/link.npz", b"/etc/passwd", 0o120777),
    "a link with a recording in it": lambda archive: archive.writestr(
        _entry("gym/raise/link.npz", 0o120777), archive.read(archive.namelist()[0])
    ),
    "a device": _add("gym/raise/device.npz", b"", 0o020666),
    "a program": _add("gym/raise/run.py", b"print()"),
    "a second collection": _add("other/raise/a.npz"),
    "a deep folder": _add("gym/raise/more/a.npz"),
    "a hidden file": _add("gym/raise/.a.npz"),
    "a damaged recording": _add("gym/raise/a.npz", b"no zip"),
    "an action in the card's place": _add("gym/collection.json/a.npz"),
    "a damaged card": lambda archive: _add("gym/collection.json", b'{"actions": 3}')(archive),
    "a huge card": _add("gym/raise/a.npz", bytes(packing.MOST_BYTES + 1)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_zip_that_lies_is_refused_and_leaves_nothing(gym: Collection, tmp_path: Path, lie: str):
    path = tmp_path / "gym.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in gym.folder.rglob("*.npz"):
            archive.write(file, f"gym/{file.relative_to(gym.folder)}")
        LIES[lie](archive)
    elsewhere = Collections(tmp_path / "elsewhere" / "collections")
    with pytest.raises(CollectionError):
        import_collection(elsewhere, path)
    assert elsewhere.names() == () and list(elsewhere.root.iterdir()) == []
    assert not list(tmp_path.rglob("evil*"))


def test_a_zip_that_declares_less_than_it_holds_is_not_believed(gym: Collection, tmp_path: Path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gym/raise/a.npz", bytes(40 * 2**20))
    raw = path.read_bytes()
    size = (40 * 2**20).to_bytes(4, "little")
    assert raw.count(size) == 2
    path.write_bytes(raw.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(CollectionError):
        import_collection(Collections(tmp_path / "elsewhere"), path)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all"])
def test_what_is_no_zip_is_told(home: Collections, tmp_path: Path, content: bytes):
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(CollectionError, match=r"x\.zip is no collection"):
        import_collection(home, path)


def test_a_pipe_is_not_waited_for(home: Collections, tmp_path: Path):
    os.mkfifo(tmp_path / "x.zip")
    with pytest.raises(CollectionError, match=r"x\.zip is no zip file"):
        import_collection(home, tmp_path / "x.zip")


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_damaged_bytes_are_told_as_such_however_they_are_packed(
    home: Collections, gym: Collection, tmp_path: Path, method: int
):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.write(next(gym.folder.glob("*/*.npz")), "gym/raise/a.npz")
    raw = bytearray(path.read_bytes())
    raw[60:400] = bytes(340)
    path.write_bytes(raw)
    with pytest.raises(CollectionError, match=r"x\.zip is no collection: it is no sound zip"):
        import_collection(home, path)


def test_a_list_of_contents_before_the_beginning_is_told(home: Collections, tmp_path: Path):
    path = tmp_path / "x.zip"
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, 0xFFFF, 0, 0)
    path.write_bytes(end)
    with pytest.raises(CollectionError, match=r"x\.zip is no collection: it is no sound zip"):
        import_collection(home, path)


def test_what_is_wrong_with_a_recording_is_told_whole(home: Collections, tmp_path: Path):
    path = tmp_path / "x.zip"
    arrays = io.BytesIO()
    np.savez(arrays, time=np.array([object()]))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("gym/raise/a.npz", arrays.getvalue())
    with pytest.raises(
        CollectionError, match=r"raise/a cannot be used \(cannot be read: time declares object \(1,\)"
    ):
        import_collection(home, path)


def test_files_of_other_names_are_not_packed(gym: Collection, tmp_path: Path):
    for odd in (b"\xff.npz", b"a:b.npz", b".hidden.npz", b"e\xcc\x81.npz", b"x" * 90 + b".npz"):
        with open(os.path.join(os.fsencode(gym.folder / "raise"), odd), "wb"):
            pass
    again = import_collection(
        Collections(tmp_path / "elsewhere"), export_collection(gym, tmp_path / "gym.zip")
    )
    assert [again.recordings(action) for action in again.actions()] == [
        gym.recordings(action) for action in gym.actions()
    ]


def test_an_empty_zip_is_no_collection(home: Collections, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "x.zip", "w"):
        pass
    with pytest.raises(CollectionError, match=r"x\.zip is no collection"):
        import_collection(home, tmp_path / "x.zip")


def test_too_many_files_and_too_large_a_zip_are_refused(
    home: Collections, gym: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    packed = export_collection(gym, tmp_path / "gym.zip")
    monkeypatch.setattr(packing, "_MOST_ENTRIES", 2)
    with pytest.raises(CollectionError, match="files"):
        import_collection(home, packed, "other")
    monkeypatch.setattr(packing, "_MOST_ENTRIES", 100)
    monkeypatch.setattr(packing, "MOST_ZIP", packed.stat().st_size - 1)
    with pytest.raises(CollectionError, match="too large"):
        import_collection(home, packed, "other")


def test_a_full_disk_imports_nothing(gym: Collection, tmp_path: Path):
    packed = export_collection(gym, tmp_path / "gym.zip")
    with small_disk(tmp_path / "disk", "64k") as disk:
        elsewhere = Collections(disk)
        with pytest.raises(OSError, match="No space"):
            import_collection(elsewhere, packed)
        assert elsewhere.names() == () and list(disk.iterdir()) == []
