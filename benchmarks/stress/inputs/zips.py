"""Zips that say they are a collection of own actions: sound ones, damaged ones, and those that lie."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import npz, odd_json, odd_npz
from benchmarks.stress.inputs.damage import damaged
from benchmarks.stress.inputs.datasets import recording
from benchmarks.stress.inputs.programs import Program

CARD = {"format": 1, "actions": {"wave once": {"both_sides": True}}}
_HUGE = 64 * 2**20

Entries = list[tuple[zipfile.ZipInfo, bytes]]


def put_zip(path: Path, rng: np.random.Generator, marker: Path) -> None:
    """Writes a zip to a path, or puts something else there.

    Args:
        path: where nothing is yet.
        rng: decides.
        marker: a file that a program in the zip would make.
    """
    if rng.random() < 0.08:
        _OTHER[rng.integers(len(_OTHER))](path)
        return
    path.write_bytes(_ODD[rng.integers(len(_ODD))](rng, marker))


def one_recording(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The arrays of a recording: one person's, or a hand's."""
    return recording(rng, 1, landmarks=33 if rng.random() < 0.9 else 21)


def packed(entries: Entries, method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip of these entries."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method, compresslevel=1) as archive:
        for info, content in entries:
            info.compress_type = method
            archive.writestr(info, content)
    return file.getvalue()


def _entry(name: str, content: bytes, mode: int = stat.S_IFREG | 0o644) -> tuple[zipfile.ZipInfo, bytes]:
    info = zipfile.ZipInfo("x")
    info.filename = name  # ZipInfo would mend some names
    info.external_attr = mode << 16
    return info, content


def collection_entries(rng: np.random.Generator, folder: str = "mine") -> Entries:
    """What ``pose2action own export`` writes."""
    names = ("wave once/0.npz", "wave once/1.npz", "nothing/0.npz")
    recordings = [_entry(f"{folder}/{name}", npz(one_recording(rng))) for name in names]
    return [_entry(f"{folder}/collection.json", json.dumps(CARD).encode()), *recordings]


def _sound(rng: np.random.Generator, marker: Path) -> bytes:
    """A good one, packed in any way, perhaps with its folders told too."""
    entries = collection_entries(rng)
    if rng.random() < 0.3:
        entries = [_entry("mine/", b""), _entry("mine/wave once/", b""), *entries]
    methods = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    return packed(entries, methods[rng.integers(4)])


def _spoilt(rng: np.random.Generator, marker: Path) -> bytes:
    """A damaged one."""
    return damaged(_sound(rng, marker), rng)


def _names(rng: np.random.Generator, marker: Path) -> bytes:
    """A file that lies elsewhere, too deep, twice, or under a name that no folder can have."""
    odd = (
        "../out.npz", "mine/../../out.npz", "/tmp/p2a-out.npz", "mine/../other/out.npz", "..\\out.npz",
        "mine/wave/..",
        "C:\\out.npz", "mine\\wave\\out.npz", "mine/" + "deep/" * 1000 + "x.npz", "mine/wave/x.npz/y.npz",
        "mine//x.npz",
        "mine/./x.npz", "mine/wave/.npz", "mine/wave/x", "mine/wave/x.NPZ", "mine/CON/x.npz",
        "mine/wave./x.npz",
        "mine/ wave/x.npz", "mine/wave/x .npz", "mine/e\u0301/x.npz", "mine/\u202ewave/x.npz",
        "mine/wave\n/x.npz",
        "mine/" + "w" * 200 + "/x.npz", "mine/" + "\u2603" * 60 + "/x.npz",
        "mine/wave/" + "n" * 60_000 + ".npz",
        "other/wave/x.npz", "MINE/wave/x.npz", "mine/Wave Once/x.npz", "mine/wave once/0.npz",
        "mine/WAVE ONCE/0.npz",
        "mine/collection.json/x.npz", "mine/wave once/collection.json", "mine/Collection.json",
        "mine/.deleted/x.npz",
        "collection.json", "x.npz", "", "/", "mine", "mine/wave once", "mine/wave\0/x.npz",
        "__MACOSX/mine/._x.npz",
        "mine/.DS_Store", "mine/wave once/.x.npz", "mine/-rf/x.npz", "mine/[*]/x.npz", "mine/wave:x/x.npz",
    )  # fmt: skip
    entries = collection_entries(rng) if rng.random() < 0.8 else []
    name = odd[rng.integers(len(odd))]
    return packed([*entries, _entry(name, npz(one_recording(rng)))])


def _modes(rng: np.random.Generator, marker: Path) -> bytes:
    """An entry that is a link, a device, a pipe or a folder in its attributes."""
    kinds = (stat.S_IFLNK, stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFDIR, stat.S_IFSOCK, 0, 0o170000)
    targets = (b"/etc/passwd", b"../../../../etc", b"/dev/zero", b"x.npz", npz(one_recording(rng)))
    names = ("mine/wave once/x.npz", "mine/collection.json", "mine/wave once", "mine")
    mode = kinds[rng.integers(len(kinds))] | 0o7777
    odd = _entry(names[rng.integers(len(names))], targets[rng.integers(len(targets))], mode)
    entries = collection_entries(rng)
    return packed([odd, *entries] if rng.random() < 0.5 else [*entries, odd])


def _recordings(rng: np.random.Generator, marker: Path) -> bytes:
    """A recording that is none: odd numbers, other arrays, a program that unpickling would run."""
    odd = odd_npz(one_recording(rng), rng)
    kind = rng.integers(5)
    if kind == 0:
        odd = npz({**one_recording(rng), "world_0": np.array([Program(marker)], object)})
    elif kind == 1:
        odd = (pickle.dumps(Program(marker)), b"", b"PK\x05\x06" + bytes(18), rng.bytes(3000))[
            rng.integers(4)
        ]
    return packed([*collection_entries(rng), _entry("mine/wave once/odd.npz", odd)])


def _card(rng: np.random.Generator, marker: Path) -> bytes:
    """A card with something odd in it, or of another size."""
    many = {"format": 1, "actions": {f"action {number}": {"both_sides": False} for number in range(5000)}}
    cards = (
        odd_json(CARD, rng), odd_json(CARD, rng), odd_json(CARD, rng), odd_json(CARD, rng),
        json.dumps(many).encode(),
        b'{"actions": {"../x": {}}}', b'{"actions": {"wave once": {"both_sides": NaN}}}', b" " * (2**20 + 9),
        b'{"actions": {"' + b"w" * 500_000 + b'": {}}}', numbers.nested(100_000, brackets="{}").encode(),
        b"\xff\xfe{}",
        b'{"actions": {"wave once": {}, "wave once": {}}}', pickle.dumps(Program(marker)),
    )  # fmt: skip
    _, *entries = collection_entries(rng)
    return packed([_entry("mine/collection.json", cards[rng.integers(len(cards))]), *entries])


def _bomb(rng: np.random.Generator, marker: Path) -> bytes:
    """A few kilobytes that unpack to far more, or files without number."""
    kind = rng.integers(4)
    if kind == 0:
        many = int(rng.choice([300, 25_000]))
        return packed([_entry(f"mine/a{n // 150}/{n}.npz", b"") for n in range(many)])
    if kind == 1:
        big = [_entry(f"mine/wave once/b{n}.npz", bytes(8 * 2**20)) for n in range(6)]
        return packed([*collection_entries(rng), *big], zipfile.ZIP_DEFLATED)
    name = ("mine/wave once/bomb.npz", "mine/collection.json")[rng.integers(2)]
    entries = [*collection_entries(rng)[1:], _entry(name, bytes(_HUGE if kind == 2 else 9 * 2**20))]
    return packed(entries, zipfile.ZIP_DEFLATED)


def _lies(rng: np.random.Generator, marker: Path) -> bytes:
    """The zip's list of contents tells other sizes, checksums, methods, places or flags than there are."""
    entries = collection_entries(rng)
    data = bytearray(packed(entries, zipfile.ZIP_DEFLATED if rng.random() < 0.5 else zipfile.ZIP_STORED))
    heads = [place for place in range(len(data) - 46) if data[place : place + 4] == b"PK\x01\x02"]
    for head in heads if rng.random() < 0.3 else [heads[rng.integers(len(heads))]]:
        field, size = ((8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (34, 2), (42, 4))[
            rng.integers(9)
        ]
        values = (0, 1, 2, 8, 99, 0x801, 0xFFFF, 0xFFFFFFFF, 0x7FFFFFFF, 2 * len(data), heads[0])
        value = values[rng.integers(len(values))] % 2 ** (8 * size)
        data[head + field : head + field + size] = value.to_bytes(size, "little")
    if rng.random() < 0.2:  # how many entries there are, and where their list is
        end = data.rindex(b"PK\x05\x06")
        struct.pack_into("<HHII", data, end + 8, *(int(rng.choice([0, 1, 0xFFFF])) for _ in range(4)))
    return bytes(data)


_Odd = Callable[[np.random.Generator, Path], bytes]
_ODD: tuple[_Odd, ...] = (
    _sound, _sound, _spoilt, _spoilt, _spoilt, _names, _names, _names, _modes, _recordings, _recordings,
    _recordings,
    _card, _card, _card, _bomb, _lies, _lies,
)  # fmt: skip
_OTHER: tuple[Callable[[Path], object], ...] = (
    lambda path: None,
    Path.mkdir,
    os.mkfifo,
    lambda path: path.symlink_to("/dev/zero"),
    lambda path: path.symlink_to(path.name),
    lambda path: path.symlink_to("/proc/self/mem"),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"PK\x05\x06" + bytes(18)),
    lambda path: path.write_bytes(npz({"x": np.zeros(3)})),
)
