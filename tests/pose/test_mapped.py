"""Mapped files: what the system says of this process's memory, and what the mapping still gives."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

import numpy as np
import pytest

from pose import mapped
from pose.bundle import pose_bundle
from pose.landmarkers import PEOPLE, VideoLandmarker
from pose.mapped import let_go_of

SIZE = 4 * 1024 * 1024
pytestmark = pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux tells it, others do not")


def resident(path: Path) -> int:
    """Bytes of a mapped file that are in this process's memory, of all its mappings."""
    parts = re.split(r"^(?=[0-9a-f]+-[0-9a-f]+ )", Path("/proc/self/smaps").read_text(), flags=re.MULTILINE)
    found = [part for part in parts if part.splitlines() and part.splitlines()[0].endswith(f" {path}")]
    return 1024 * sum(int(re.search(r"^Rss: +(\d+)", part, re.MULTILINE)[1]) for part in found)


def test_pages_go_and_come_back_as_they_were(tmp_path: Path):
    path, other = tmp_path / "with a space", tmp_path / "other"
    content = np.random.default_rng(0).bytes(SIZE)
    path.write_bytes(content)
    other.write_bytes(content)
    with (
        path.open("rb") as file,
        other.open("rb") as file_2,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as ours,
        mmap.mmap(file_2.fileno(), 0, access=mmap.ACCESS_READ) as theirs,
    ):
        assert ours[:] == theirs[:] and resident(path) == resident(other) == SIZE
        let_go_of(path)
        assert resident(path) == 0 and resident(other) == SIZE
        assert ours[:] == content


def test_what_has_been_written_to_stays(tmp_path: Path):
    path = tmp_path / "file"
    path.write_bytes(bytes(SIZE))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as ours:
        ours[:4] = b"mine"
        let_go_of(path)
        assert ours[:4] == b"mine"


def test_where_no_system_tells_what_is_mapped_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(mapped, "_MAPS", tmp_path / "nowhere")
    let_go_of(tmp_path)


def test_landmarkers_do_not_keep_the_models_that_they_have_read():
    both = [VideoLandmarker(PEOPLE, 1) for _ in range(2)]
    assert resident(pose_bundle().resolve()) < 2_000_000
    for each in both:
        each.close()
