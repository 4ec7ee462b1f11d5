"""A folder of collections as disks, other programs and people leave it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.stress.inputs.contents import npz, odd_json, odd_npz
from benchmarks.stress.inputs.damage import damaged
from benchmarks.stress.inputs.datasets import put
from benchmarks.stress.inputs.zips import CARD, one_recording
from recognizer.own.collection import NOTHING

NAME, ACTION = "mine", "wave once"


def sound_home(root: Path, rng: np.random.Generator) -> None:
    """One collection of an action with two recordings, and one of what is none."""
    for action, count in ((ACTION, 2), (NOTHING, 1)):
        for number in range(count):
            put(root / NAME / action / f"{number}.npz", npz(one_recording(rng)))
    put(root / NAME / "collection.json", json.dumps(CARD).encode())


def damage_home(root: Path, rng: np.random.Generator) -> None:
    """Damages it in one or two places."""
    for _ in range(int(rng.integers(1, 3))):
        _DAMAGES[rng.integers(len(_DAMAGES))](root, rng)


def _recording(root: Path, rng: np.random.Generator) -> None:
    """A recording with odd numbers, other arrays, or odd bytes."""
    _put(root / NAME / ACTION / "0.npz", odd_npz(one_recording(rng), rng))


def _card(root: Path, rng: np.random.Generator) -> None:
    path = root / NAME / "collection.json"
    _put(path, odd_json(CARD, rng) if rng.random() < 0.8 else damaged(json.dumps(CARD).encode(), rng))


def _other(root: Path, rng: np.random.Generator) -> None:
    """Something else in the place of a recording, a card, an action, a collection, or of all."""
    places = ("{0}/{1}/0.npz", "{0}/{1}/1.npz", "{0}/collection.json", "{0}/{1}", "{0}", ".deleted", "")
    path = root / places[rng.integers(len(places))].format(NAME, ACTION)
    if not path.parent.is_dir():
        return
    _replace(path)
    things: tuple[Callable[[Path], object], ...] = (
        lambda path: None, Path.mkdir, Path.touch, os.mkfifo, lambda path: path.symlink_to("/dev/zero"),
        lambda path: path.symlink_to(path.name), lambda path: path.symlink_to("/etc"),
        lambda path: path.symlink_to("nowhere"), lambda path: path.write_bytes(bytes(9 * 2**20)),
    )  # fmt: skip
    things[rng.integers(len(things))](path)


def _names(root: Path, rng: np.random.Generator) -> None:
    """A file or a folder more, under a name that this program gives none."""
    names = (
        b"\xff\xfe", b"CON", b"a.", b" a ", b"a\nb", b"e\xcc\x81", b"-rf", b"[*]", b"n" * 200, b"a:b",
        b"..x", b".hidden",
        b"\xe2\x80\xaexyz", b"WAVE ONCE", b"collection.json~", b"Mine", b"\x1b[31m", b"tmp.part",
        b".0.npz.x.part",
    )  # fmt: skip
    where = (root, root / NAME, root / NAME / ACTION)[rng.integers(3)]
    if not where.is_dir():
        return
    path = os.path.join(os.fsencode(where), names[rng.integers(len(names))])
    if rng.random() < 0.7:
        os.makedirs(path, exist_ok=True)
        path = os.path.join(path, b"x.npz")
    else:
        path += b".npz"
    with open(path, "wb") as file:
        file.write(npz(one_recording(rng)))


def _deep(root: Path, rng: np.random.Generator) -> None:
    """Folders in folders where files are looked for."""
    path = root / NAME / ACTION
    if path.is_dir() and not path.is_symlink():
        path.joinpath(*["deep"] * 200).mkdir(parents=True, exist_ok=True)
        (path / "folder.npz").mkdir(exist_ok=True)


def _put(path: Path, content: bytes) -> None:
    if path.parent.is_dir():  # another damage may have come first
        _replace(path)
        path.write_bytes(content)


def _replace(path: Path) -> None:
    """Makes room."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif path.is_symlink() or path.exists():
        path.unlink()


_DAMAGES: tuple[Callable[[Path, np.random.Generator], None], ...] = (
    _recording, _recording, _recording, _card, _card, _other, _other, _names, _names, _deep,
)  # fmt: skip
