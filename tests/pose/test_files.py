"""Files and folders that appear whole, and go when their writer was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pose.files import replacing, temporary_folder

WRITER = """
import sys, time
from pathlib import Path
from pose.files import replacing, temporary_folder
place = Path(sys.argv[1])
with replacing(place / "result.txt") as temporary, temporary_folder("p2a-test-", place) as folder:
    temporary.write_text("half")
    (folder / "half").write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path: Path):
    """A process in the middle of writing, in ``tmp_path``."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_a_file_takes_its_place_when_the_block_ends_well(tmp_path: Path):
    path = tmp_path / "result.txt"
    path.write_text("old")
    with replacing(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and names(tmp_path) == ["result.txt"]


def test_a_block_that_raises_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "result.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old" and names(tmp_path) == ["result.txt"]


def test_a_full_disk_tells_the_name_that_the_user_gave(tmp_path: Path):
    with pytest.raises(OSError) as caught, replacing(tmp_path / "result.txt") as temporary:
        raise OSError(28, "No space left on device", str(temporary))
    assert caught.value.filename == str(tmp_path / "result.txt")


def test_what_is_no_file_stays_what_it_is(tmp_path: Path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for name in ("folder", "pipe", "link"):
        with pytest.raises(OSError, match="no file that can be replaced"), replacing(tmp_path / name):
            pass
    assert names(tmp_path) == ["folder", "link", "pipe"] and (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("name", ["x" * 250, "ä" * 120, "[a]*?.txt", " spaces "])
def test_any_name_of_a_file_can_be_replaced(tmp_path: Path, name: str):
    with replacing(tmp_path / name) as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == [name]


@pytest.mark.skipif(os.name != "posix", reason="locks of files are POSIX's")
def test_what_a_killed_writer_left_goes_with_the_next_one(tmp_path: Path, writer: subprocess.Popen):
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(names(tmp_path)) == 2
    with replacing(tmp_path / "result.txt") as temporary:
        temporary.write_text("new")
    assert len(names(tmp_path)) == 2  # the file, and the folder that nobody has asked about
    with temporary_folder("p2a-test-", tmp_path):
        assert len(names(tmp_path)) == 2
    assert names(tmp_path) == ["result.txt"]


@pytest.mark.skipif(os.name != "posix", reason="locks of files are POSIX's")
def test_what_a_living_writer_holds_stays(tmp_path: Path, writer: subprocess.Popen):
    before = names(tmp_path)
    with replacing(tmp_path / "result.txt") as temporary, temporary_folder("p2a-test-", tmp_path):
        temporary.write_text("new")
    assert set(before) <= set(names(tmp_path))


def test_other_files_and_folders_are_left_alone(tmp_path: Path):
    (tmp_path / ".other.txt.abc.part").write_text("another's")
    (tmp_path / "p2a-other").mkdir()
    with replacing(tmp_path / "result.txt") as temporary, temporary_folder("p2a-test-", tmp_path):
        temporary.write_text("new")
    assert names(tmp_path) == [".other.txt.abc.part", "p2a-other", "result.txt"]


def test_a_temporary_folder_goes_with_what_it_holds(tmp_path: Path):
    with pytest.raises(ValueError), temporary_folder("p2a-test-", tmp_path) as folder:
        (folder / "a").mkdir()
        (folder / "a" / "b").write_text("c")
        raise ValueError
    assert names(tmp_path) == []
