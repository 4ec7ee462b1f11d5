"""Files of data sets, read without trusting what they say of themselves.

A file of a few bytes can claim 10^12 numbers or unpack to gigabytes. So sizes are compared with what is
there, and with a limit, before anything is allocated.
"""

from __future__ import annotations

import json
import stat
import struct
import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from pose.npz import add_array
from recognizer.data.clip import DataError

MOST_BYTES = 64 * 2**20
"""Of a file of text, packed or not: the largest real one, the labels of Kinetics, has half of it."""
MOST_ARRAYS = 2**30
"""Of unpacked arrays; the largest real file, landmarks of an hour, has 50 million."""
_MOST_MATLAB = 64 * 2**20  # unpacked; real clips have 80 kB
_MATLAB_HEADER = 128
_MATLAB_COMPRESSED = 15


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The whole of a file.

    Raises:
        DataError: it is no plain file (a pipe would never end), or larger than ``most``.
        OSError: it cannot be read.
    """
    _check_size(path, most)
    return path.read_bytes()


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The whole of a text file. Raises DataError for other files, and OSError."""
    try:
        return read_bytes(path).decode(encoding)
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not {encoding} text.") from None


def read_json(path: Path) -> Any:
    """The content of a JSON file. Raises DataError for one that is not JSON, and OSError."""
    content = read_bytes(path)
    try:
        return json.loads(content)
    except ValueError:  # also of bytes that are no UTF-8
        raise DataError(f"{path}: is not JSON.") from None
    except RecursionError:
        raise DataError(f"{path}: is not JSON as of a data set; it is nested too deeply.") from None


def as_numbers(value: Any) -> np.ndarray:
    """Nested lists of JSON as a float64 array.

    Raises:
        TypeError, ValueError: they are no regular array, or hold something else than numbers ("1" is none).
    """
    array = np.array(value)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{array.dtype} are no numbers")
    return array.astype(np.float64)


def read_table(path: Path, columns: int, separator: str | None = None) -> np.ndarray:
    """Reads a text file of numbers.

    Args:
        path: the file.
        columns: numbers that every line must have.
        separator: what stands between two of them; white space where it is None.

    Returns:
        (lines, columns) float64; empty lines are skipped.

    Raises:
        DataError: a line with another count of numbers, or something that is no number.
    """
    rows: list[list[float]] = []
    lines = read_bytes(path).decode("ascii", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        fields = line.split(separator)
        if not line.strip():
            continue
        if len(fields) != columns:
            raise DataError(f"{path}: line {number} has {len(fields)} numbers instead of {columns}.")
        try:
            rows.append([float(field) for field in fields])
        except ValueError:
            raise DataError(f"{path}: line {number} holds something that is not a number.") from None
    return np.array(rows, np.float64).reshape(-1, columns)


def read_npy(path: Path) -> np.ndarray:
    """The array of an .npy file, read-only. Raises DataError for a damaged one, and OSError."""
    size = _check_size(path, MOST_ARRAYS)
    with path.open("rb") as file:
        return _array(file, size, path, "it")


def read_npz(path: Path, names: Collection[str], most: int = MOST_ARRAYS) -> dict[str, np.ndarray]:
    """Some arrays of an .npz file, read-only.

    Args:
        path: the file.
        names: of the arrays; the others are not looked at.
        most: bytes that these arrays may have in all.

    Raises:
        DataError: the file is damaged or lacks an array, or an array declares more than there is.
        OSError: it cannot be read.
    """
    _check_size(path, max(most, MOST_ARRAYS))
    arrays, left = {}, most
    with path.open("rb") as opened:
        try:
            with zipfile.ZipFile(opened) as archive:
                for name in names:
                    if f"{name}.npy" not in archive.namelist():
                        raise DataError(f"{path}: cannot be read: it has no array {name}.")
                    entry = archive.getinfo(f"{name}.npy")
                    left -= entry.file_size
                    if left < 0:
                        raise DataError(f"{path}: cannot be read: unpacked it has more than {most:,} bytes.")
                    with archive.open(entry) as file:
                        arrays[name] = _array(file, entry.file_size, path, name)
        except DataError:
            raise
        except Exception as error:  # a damaged zip raises many kinds, those of a bad disk among them
            raise DataError(f"{path}: cannot be read: it is no sound .npz file ({error}).") from None
    return arrays


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """What ``np.savez`` writes; that one prints a traceback when the disk is full.

    Raises:
        OSError: the disk is full, or the file cannot be written.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            add_array(archive, name, array)


def read_matlab(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Those of some variables that a MATLAB 5 file has, numbers and texts.

    Raises:
        DataError: the file is damaged, unpacks to more than a clip, or a variable is of another kind.
        OSError: it cannot be read.
    """
    _check_matlab(path, read_bytes(path, _MOST_MATLAB))
    import scipy.io  # takes a third of a second, and only some data sets need it

    try:
        for name, shape, kind in scipy.io.whosmat(str(path)):
            if name not in names:
                continue
            if kind in ("cell", "struct", "object", "sparse", "function", "opaque", "unknown"):
                raise DataError(f"{path}: {name} is a {kind} and must be numbers or text.")
            if np.prod(shape, dtype=float) * 8 > _MOST_MATLAB:
                raise DataError(f"{path}: {name} of shape {shape} is no clip's.")
        content = scipy.io.loadmat(str(path), variable_names=list(names))
    except DataError:
        raise
    except Exception as error:  # scipy raises many kinds on damaged files
        raise DataError(f"{path}: cannot be read as a MATLAB file ({error}).") from None
    return {name: content[name] for name in names if isinstance(content.get(name), np.ndarray)}


def check_lengths(lengths: np.ndarray, total: int, what: str) -> None:
    """Checks how many of ``total`` frames, one after the other, each clip of a file has.

    Raises:
        DataError: beginning with ``what``, when they are no whole numbers from 1 that add up to the total.
    """
    if lengths.ndim != 1 or lengths.dtype.kind not in "iu" or lengths.min(initial=1) < 1:
        raise DataError(f"{what} must be whole numbers from 1.")
    if lengths.sum(dtype=float) != total:
        raise DataError(f"{what} do not add up to the {total} frames of the file.")


def _check_size(path: Path, most: int) -> int:
    """Bytes of a plain file."""
    state = path.stat()
    if stat.S_ISDIR(state.st_mode):
        raise DataError(f"{path}: is a folder.")
    if not stat.S_ISREG(state.st_mode):
        raise DataError(f"{path}: is no plain file.")
    if state.st_size > most:
        raise DataError(f"{path}: has {state.st_size:,} bytes; no file of this kind has more than {most:,}.")
    return state.st_size


def _array(file: IO[bytes], size: int, path: Path, name: str) -> np.ndarray:
    """The array of an open .npy file or entry of ``size`` bytes."""
    try:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = header(file)
        count = 1
        for length in shape:
            count *= length
        if dtype.hasobject or min(shape, default=0) < 0 or file.tell() + count * dtype.itemsize != size:
            raise DataError(
                f"{path}: cannot be read: {name} declares {dtype} {shape}, which is not what the file holds."
            )
        content = file.read(count * dtype.itemsize)
        return np.frombuffer(content, dtype, count).reshape(shape, order="F" if fortran else "C")
    except DataError:
        raise
    except Exception as error:  # a damaged header raises many kinds
        raise DataError(f"{path}: cannot be read: {name} is no sound array ({error}).") from None


def _check_matlab(path: Path, content: bytes) -> None:
    """Walks the elements of a MATLAB 5 file: each must be as long as it says, and not unpack to too much."""
    byte_order = {b"IM": "<", b"MI": ">"}.get(content[_MATLAB_HEADER - 2 : _MATLAB_HEADER])
    if byte_order is None:
        raise DataError(f"{path}: cannot be read as a MATLAB file (it is not of MATLAB 5).")
    at, left = _MATLAB_HEADER, _MOST_MATLAB
    while at + 8 <= len(content):
        kind, length = struct.unpack_from(f"{byte_order}II", content, at)
        at += 8
        if at + length > len(content):
            raise DataError(f"{path}: cannot be read as a MATLAB file (it is cut short).")
        if kind == _MATLAB_COMPRESSED:
            left -= _unpacked(content[at : at + length], left, path)
        if left <= 0:
            raise DataError(f"{path}: unpacked it has more than {_MOST_MATLAB:,} bytes, which is no clip.")
        at += length


def _unpacked(packed: bytes, most: int, path: Path) -> int:
    """How many bytes a packed element has, counted up to ``most``."""
    unpack, count = zlib.decompressobj(), 0
    try:
        while packed and count < most:
            count += len(unpack.decompress(packed, 2**20))
            packed = unpack.unconsumed_tail
    except zlib.error as error:
        raise DataError(f"{path}: cannot be read as a MATLAB file ({error}).") from None
    return count
