"""Files that claim, or unpack to, more than they are."""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from recognizer.data.clip import DataError
from recognizer.data.files import (
    MOST_BYTES,
    check_lengths,
    read_bytes,
    read_json,
    read_matlab,
    read_npy,
    read_npz,
    read_table,
    read_text,
    write_npz,
)


@contextmanager
def little_memory() -> Iterator[None]:
    """Fails where more than 200 MB are asked for."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 200e6
    finally:
        tracemalloc.stop()


def claiming(shape: tuple[int, ...], dtype: str = "<f4", content: bytes = b"") -> bytes:
    """An .npy file that says it holds ``shape``."""
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": dtype, "fortran_order": False, "shape": shape})
    return file.getvalue() + content


@pytest.mark.parametrize("shape", [(10**12,), (2**62, 2**62), (3, -1), (5,)])
def test_arrays_that_declare_more_than_there_is(tmp_path: Path, shape):
    path = tmp_path / "a.npy"
    path.write_bytes(claiming(shape))
    with little_memory(), pytest.raises(DataError, match="a.npy: cannot be read: it declares float32"):
        read_npy(path)
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", claiming(shape))
    with little_memory(), pytest.raises(DataError, match="a.npz: cannot be read: x declares float32"):
        read_npz(tmp_path / "a.npz", ["x"])


def test_objects_are_not_unpickled(tmp_path: Path):
    np.save(tmp_path / "a.npy", np.array([{}, 1], object))
    with pytest.raises(DataError, match="declares object"):
        read_npy(tmp_path / "a.npy")


def test_an_array_that_unpacks_to_more_than_allowed(tmp_path: Path):
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("x.npy", "w") as file:
            file.write(claiming((75_000_000,)))
            for _ in range(30):
                file.write(bytes(10_000_000))
    assert path.stat().st_size < 1e6
    with little_memory(), pytest.raises(DataError, match="bomb.npz: .*unpacked it has more than 250,000,000"):
        read_npz(path, ["x"], most=250_000_000)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 broken", b"no zip at all", b"\x93NUMPY\x01\x00\xff\xff"]
)
def test_what_is_no_array_file_is_told(tmp_path: Path, content: bytes):
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    for read in (read_npy, lambda path: read_npz(path, ["x"])):
        with pytest.raises(DataError, match="odd.bin: cannot be read"):
            read(path)


def test_a_missing_array_is_told(tmp_path: Path):
    np.savez(tmp_path / "a.npz", x=np.zeros(2))
    with pytest.raises(DataError, match="a.npz: .* no array y"):
        read_npz(tmp_path / "a.npz", ["x", "y"])


def test_any_byte_of_an_npz_may_be_wrong(tmp_path: Path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.arange(4.0))
    content, values = path.read_bytes(), []
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :])
        try:
            values.append(read_npz(path, ["x"])["x"].tolist())
        except DataError:
            pass
    assert all(value == [0, 1, 2, 3] for value in values), "what is not told must not matter"


def test_what_is_written_numpy_reads(tmp_path: Path):
    arrays = {"x": np.arange(6.0).reshape(2, 3).T, "text": np.array(["a", "bc"]), "none": np.zeros((0, 3))}
    write_npz(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz") as theirs:
        ours = read_npz(tmp_path / "a.npz", list(arrays))
        for name, array in arrays.items():
            np.testing.assert_array_equal(theirs[name], array)
            np.testing.assert_array_equal(ours[name], array)


def element(kind: int, data: bytes) -> bytes:
    return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)


def matlab(dims: tuple[int, ...], kind: int = 6, data: bytes = b"", pack: bool = True) -> bytes:
    """A MATLAB 5 file of one variable x that claims ``dims``."""
    body = element(6, struct.pack("<II", kind, 0)) + element(5, struct.pack(f"<{len(dims)}i", *dims))
    whole = element(14, body + element(1, b"x") + element(9, data))
    packed = zlib.compress(whole, 1)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x100) + b"IM"
    return head + (struct.pack("<II", 15, len(packed)) + packed if pack else whole)


@pytest.mark.parametrize("pack", [True, False])
@pytest.mark.parametrize(
    "content, said",
    [
        (dict(dims=(2**31 - 1, 13)), "x of shape"),
        (dict(dims=(20, 3, 10**9)), "x of shape"),
        (dict(dims=(10**9, 1), kind=1), "x is a cell"),
        (dict(dims=(1, 1), kind=2), "x is a struct"),
        (dict(dims=(10**9, 1), kind=5), "x is a sparse"),
        (dict(dims=(2, 2), data=bytes(8)), "cannot be read as a MATLAB file"),
    ],
)
def test_matlab_files_that_claim_too_much(tmp_path: Path, content: dict, said: str, pack: bool):
    path = tmp_path / "a.mat"
    path.write_bytes(matlab(**content, pack=pack))
    with little_memory(), pytest.raises(DataError, match=f"a.mat: .*{said}"):
        read_matlab(path, ["x"])


def test_a_matlab_file_that_unpacks_without_end(tmp_path: Path):
    path = tmp_path / "bomb.mat"
    path.write_bytes(matlab((2, 2), data=bytes(100_000_000)))
    assert path.stat().st_size < 1e6
    with little_memory(), pytest.raises(DataError, match="bomb.mat: unpacked it has more than"):
        read_matlab(path, ["x"])


def test_matlab_files_cut_short_anywhere(tmp_path: Path):
    path = tmp_path / "a.mat"
    for pack in (True, False):
        scipy.io.savemat(path, {"x": np.arange(60.0).reshape(20, 3)}, do_compression=pack)
        content = path.read_bytes()
        assert read_matlab(path, ["x", "y"]).keys() == {"x"}
        for end in range(136, len(content), 7):
            path.write_bytes(content[:end])
            with pytest.raises(DataError, match="a.mat: cannot be read as a MATLAB file"):
                read_matlab(path, ["x"])


@pytest.mark.parametrize("text", ["[" * 100_000, "{", "\xff", '{"a": ' * 50_000])
def test_json_that_is_none(tmp_path: Path, text: str):
    path = tmp_path / "a.json"
    path.write_text(text, "latin-1")
    with pytest.raises(DataError, match="a.json: is not JSON"):
        read_json(path)


def test_only_plain_files_of_a_size_are_opened(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "endless").symlink_to("/dev/zero")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(MOST_BYTES + 1)  # takes no place on the disk
    for name, said in (
        ("pipe", "no plain file"),
        ("folder", "is a folder"),
        ("endless", "no plain file"),
        ("huge", "no file of this kind has more than"),
    ):
        for read in (read_bytes, read_text, read_json, lambda path: read_table(path, 3)):
            with pytest.raises(DataError, match=f"{name}: .*{said}"):
                read(tmp_path / name)
    for read in (read_npy, lambda path: read_npz(path, ["x"])):
        with pytest.raises(DataError, match="pipe: is no plain file"):
            read(tmp_path / "pipe")


@pytest.mark.parametrize(
    "lengths", [[5, 6], [12, -2], [0, 10], [[5, 5]], [5.0, 5.0], [2**62, 2**62, 10], [True] * 10]
)
def test_lengths_that_do_not_fit(lengths):
    with pytest.raises(DataError, match="a.npz: lengths (must be whole numbers|do not add up)"):
        check_lengths(np.array(lengths), 10, "a.npz: lengths")
    check_lengths(np.array([4, 6]), 10, "")
