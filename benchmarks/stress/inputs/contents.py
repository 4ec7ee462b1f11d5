"""What is inside of files, with something odd in it: JSON, tables of text, arrays, MATLAB's variables."""

from __future__ import annotations

import copy
import io
import json
import struct
import zipfile
import zlib
from typing import Any

import numpy as np
import scipy.io

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.damage import damaged

_PLACEHOLDER = "@odd@"


def odd_json(value: Any, rng: np.random.Generator) -> bytes:
    """A document with one value somewhere that is missing or another, not always JSON; or with odd bytes."""
    if rng.random() < 0.2:
        return damaged(json.dumps(value).encode(), rng)
    document = copy.deepcopy(value)
    parent, key, place = None, None, document
    while isinstance(place, (dict, list)) and place and (parent is None or rng.random() < 0.85):
        parent = place
        keys = list(place) if isinstance(place, dict) else range(len(place))
        key = keys[rng.integers(len(keys))]
        place = parent[key]
    kind = rng.integers(8)
    if kind == 0 and parent is not None:
        del parent[key]
        return json.dumps(document).encode()
    if kind == 1 and isinstance(parent, dict):
        parent[str(rng.choice(["", "x", "../x", "__class__"]))] = parent.pop(key)
        return json.dumps(document).encode()
    if kind == 2:
        odd = numbers.nested(int(rng.choice([5, 200, 100_000])), brackets=str(rng.choice(["[]", "{}"])))
    elif kind == 3:
        odd = json.dumps(
            [None, [], {}, "x", True, [[1]], "5", [1, [2]], "x" * 10_000, "\0", "a\nb"][rng.integers(11)]
        )
    elif kind == 4:
        odd = json.dumps(numbers.whole(rng))
    else:
        odd = numbers.written(rng)
    if parent is None:
        return odd.encode(errors="replace")
    parent[key] = _PLACEHOLDER
    return json.dumps(document).replace(f'"{_PLACEHOLDER}"', odd).encode(errors="replace")


def odd_text(text: str, rng: np.random.Generator) -> bytes:
    """Lines of words with others among them, lines too many or too few; or with odd bytes."""
    if rng.random() < 0.25:
        return damaged(text.encode(), rng)
    lines = text.split("\n")
    for _ in range(int(rng.integers(1, 4))):
        at = int(rng.integers(len(lines)))
        words = lines[at].split(" ")
        kind = rng.integers(6)
        if kind < 3:
            words[rng.integers(len(words))] = numbers.written(rng)
        elif kind == 3:
            words = words[:-1]
        elif kind == 4:
            words.append("1")
        lines[at] = " ".join(words)
        if kind == 5:
            lines[at : at + 1] = [[], [lines[at]] * 2, ["", ""]][rng.integers(3)]
    return "\n".join(lines).encode(errors="replace")


def odd_arrays(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Arrays of which one is missing, of another shape or kind, or holds a number that cannot be."""
    result = {name: np.array(array) for name, array in arrays.items()}
    name = list(result)[rng.integers(len(result))]
    array = result[name]
    kind = rng.integers(8)
    if kind == 0:
        del result[name]
    elif kind == 1:
        result[name] = array[: rng.integers(len(array) + 1)] if array.ndim else array[None]
    elif kind == 2 and array.dtype.kind not in "USO":
        with np.errstate(all="ignore"):
            result[name] = array.astype(
                str(rng.choice(["c8", "U5", "f8", "i1", "f2", "?", "S3", ">f4", "i8"]))
            )
    elif kind == 3:
        result[name] = [array.reshape(-1), array[None], array[..., None], array.T][rng.integers(4)]
    elif kind == 4:
        result[name] = np.zeros((0, *array.shape[1:]), array.dtype)
    elif array.size and array.dtype.kind in "iuf":
        result[name] = _with_odd_numbers(array, rng)
    else:
        result[name] = np.array(["x", "", "\0", "1"][rng.integers(4)])
    return result


def _with_odd_numbers(array: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Some elements are others: as float64, where 1e39 is finite, or in the array's own type."""
    flat = array.reshape(-1).copy()
    places = rng.integers(flat.size, size=int(rng.choice([1, 1, 5, flat.size])))
    if flat.dtype.kind in "iu":
        limits = np.iinfo(flat.dtype)
        flat[places] = min(max(numbers.whole(rng), limits.min), limits.max)
    else:
        flat = flat.astype(np.float64) if rng.random() < 0.5 else flat
        with np.errstate(all="ignore"):
            flat[places] = numbers.odd(rng)
    return flat.reshape(array.shape)


def npz(arrays: dict[str, np.ndarray]) -> bytes:
    """An .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def odd_npz(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    """One with odd content, odd bytes, or a header that declares more than there is."""
    kind = rng.integers(4)
    if kind == 0:
        return damaged(npz(arrays), rng)
    if kind == 1:
        return _lying_npz(arrays, rng)
    return npz(odd_arrays(arrays, rng))


def lying_npy(rng: np.random.Generator, dtype: str = "<f4") -> bytes:
    """The header of an array of terabytes, of a negative size, of objects, or of nonsense."""
    shapes = ("(1000000000000,)", "(1000000, 33, 4)", "(4611686018427387904, 4)", "(-1, 3)", "(0, 0)", "()",
    "(1.5,)",
              "(100000, 100000, 100000)", "(" + "1," * 40 + ")", "__import__('os').abort()")  # fmt: skip
    kinds = (dtype, dtype, dtype, "|O", "<U1000000000", "<f99", "x")
    head = (
        f"{{'descr': {str(kinds[rng.integers(len(kinds))])!r}, 'fortran_order': False, "
        f"'shape': {shapes[rng.integers(len(shapes))]}, }}"
    )
    head = head.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + rng.bytes(64)


def _lying_npz(arrays: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    """An .npz of which one entry declares too much, or unpacks to hundreds of megabytes."""
    victim = list(arrays)[rng.integers(len(arrays))]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            piece = io.BytesIO()
            np.save(piece, array)
            content = piece.getvalue()
            if name == victim:
                content = lying_npy(rng) + (bytes(3 * 10**8) if rng.random() < 0.1 else b"")
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def matlab(content: dict[str, Any], compress: bool = True) -> bytes:
    """A MATLAB 5 file."""
    file = io.BytesIO()
    scipy.io.savemat(file, content, do_compression=compress)
    return file.getvalue()


def odd_matlab(content: dict[str, Any], rng: np.random.Generator) -> bytes:
    """One with odd content, odd bytes, or a variable that claims to be huge."""
    kind = rng.integers(4)
    if kind == 0:
        return damaged(matlab(content, bool(rng.random() < 0.5)), rng)
    if kind == 1:
        return _lying_matlab(str(list(content)[0]).encode(), rng)
    if kind == 2:
        name = list(content)[rng.integers(len(content))]
        odd = ({"a": 1}, np.array([1, "x"], object), "text", 1 + 2j, "", [[]], np.nan, 3, "x" * 500)
        return matlab({**content, name: odd[rng.integers(len(odd))]})
    arrays = {name: np.asarray(value) for name, value in content.items()}
    return matlab({**content, **odd_arrays(arrays, rng)})


def _lying_matlab(name: bytes, rng: np.random.Generator) -> bytes:
    """A variable with dimensions of terabytes, or one that packs zeros without end."""
    kind = int(rng.choice([6, 1, 2, 7, 5]))  # double, cell, struct, single, sparse
    shapes = ((20, 3, 10**9), (2**31 - 1, 13), (10**5, 10**5), (20, 3, 10**6), (-1, 3))
    shape = shapes[rng.integers(len(shapes))]

    def element(code: int, data: bytes) -> bytes:
        return struct.pack("<II", code, len(data)) + data + bytes(-len(data) % 8)

    body = element(6, struct.pack("<II", kind, 10**9)) + element(5, struct.pack(f"<{len(shape)}i", *shape))
    body += element(1, name) + element(9, bytes(80))
    if rng.random() < 0.05:
        body += struct.pack("<II", 9, 3 * 10**8) + bytes(3 * 10**8)
    matrix = struct.pack("<II", 14, len(body)) + body
    packed = zlib.compress(matrix, 1)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x100) + b"IM"
    return head + struct.pack("<II", 15, len(packed)) + packed
