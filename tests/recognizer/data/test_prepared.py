"""Prepared data sets that are damaged: told when opened, or when the clip is read."""

from __future__ import annotations

import io
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from recognizer.data.clip import DataError
from recognizer.data.prepared import CLIPS, INFO, JOINTS, PreparedClips
from tests.recognizer.data.raw import prepared_ntu


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_ntu(tmp_path_factory.mktemp("prepared"), 9)


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "set"))


def info(**change: object) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = json.loads((folder / INFO).read_text())
        (folder / INFO).write_text(json.dumps(content | change))

    return damage


def clips(field: str, value: int, at: int = 3) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        index = np.load(folder / CLIPS)
        index[field][at] = value
        np.save(folder / CLIPS, index)

    return damage


def joints(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path], None]:
    return lambda folder: np.save(folder / JOINTS, change(np.load(folder / JOINTS)))


def content(name: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(data) and None


def header(shape: tuple[int, ...]) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    return file.getvalue()


def pipe(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return damage


DAMAGES = {
    "fps 0": info(fps=0),
    "fps NaN": info(fps=float("nan")),
    "fps infinite": info(fps=float("inf")),
    "fps 1e9": info(fps=1e9),
    "unknown layout": info(layout="octopus-8"),
    "another layout": info(layout="shrec-22"),
    "a task twice": info(protocols=["xsub", "xsub"]),
    "no text": content(INFO, b"\xff\xfe"),
    "deep": content(INFO, b"[" * 100_000),
    "label -1": clips("label_action", -1),
    "label 999": clips("label_action", 999),
    "part 9": clips("part_xsub", 9),
    "first too far": clips("first", 10**9),
    "first negative": clips("first", -1),
    "first of another": clips("first", 0),
    "no persons": clips("persons", 0),
    "persons negative": clips("persons", -2),
    "frames negative": clips("frames", -5),
    "frames 2^31 - 1": clips("frames", 2**31 - 1),
    "clips claim 10^12": content(CLIPS, header((10**12,))),
    "clips of numbers": content(CLIPS, header((0,))),
    "clips as npz": content(CLIPS, b"PK\x03\x04"),
    "joints claim 10^12": content(JOINTS, header((10**12,))),
    "joints as float64": joints(lambda rows: rows.astype(np.float64)),
    "joints in Fortran's order": joints(np.asfortranarray),
    "joints without the last": joints(lambda rows: rows[:-1]),
    "joints flat": joints(lambda rows: rows.reshape(-1)),
    "joints of objects": joints(lambda rows: rows.astype(object)),
    "joints are a pipe": pipe(JOINTS),
    "clips are a pipe": pipe(CLIPS),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_opening_tells_what_is_wrong_with_the_index(folder: Path, damage: Callable[[Path], None]):
    damage(folder)
    with pytest.raises(
        DataError, match=r"set is (damaged: .*; prepare it again|no prepared data set.*: make)"
    ):
        PreparedClips(folder)


def test_names_that_are_no_text(folder: Path):
    index = np.load(folder / CLIPS)
    index["name"][2] = b"\xff\xfe"
    np.save(folder / CLIPS, index)
    with pytest.raises(DataError, match="names that are no text"):
        PreparedClips(folder)


@pytest.mark.parametrize(
    "column, value, said",
    [(0, np.nan, "finite"), (1, np.inf, "finite"), (2, 1e30, "metres"), (3, -1, "confidence"),
     (3, 7, "confidence"), (3, np.nan, "confidence")],
)  # fmt: skip
def test_numbers_are_looked_at_when_a_clip_is_read(folder: Path, column: int, value: float, said: str):
    rows = np.load(folder / JOINTS)
    rows[-1, 4, column] = value
    np.save(folder / JOINTS, rows)
    opened = PreparedClips(folder)
    opened.arrays(0)
    last = len(opened) - 1
    for read in (opened.arrays, opened.sequence):
        with pytest.raises(DataError, match=f"set, clip {opened.name(last)}: .*{said}"):
            read(last)


def test_clips_in_another_order_are_no_damage(folder: Path):
    before = PreparedClips(folder)
    np.save(folder / CLIPS, before.clips[::-1])
    after = PreparedClips(folder)
    np.testing.assert_array_equal(after.arrays(0)[0], before.arrays(len(before) - 1)[0])
