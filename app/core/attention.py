"""What a network looked at in one person's window, and a log of it for whole videos."""

from __future__ import annotations

import io
import tempfile
import threading
import zipfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pose.files import replacing
from pose.layouts import SHREC_22, SkeletonLayout
from pose.npz import add_array
from pose.skeleton import SkeletonSequence
from recognizer.attention import ActiveVoxels, AttentionMaps
from recognizer.preprocess import Preprocessing, normalise
from recognizer.upright import from_wrist

HAND_LENGTH = 1.6
"""Units in which a stretched hand is that long, so that it is shown about as large as a body."""

_MIDDLE_FINGER = [SHREC_22.index(f"middle_{joint}") for joint in ("base", "first", "second", "tip")]


@dataclass(frozen=True)
class WindowAttention:
    """One person's window and what the network looked at in it.

    Attributes:
        person: the track's number.
        start, end: the window's time span in seconds.
        layout: what the V joints are.
        body: (V, C) float32, the pose at the window's end in torso lengths from the middle of the hips (a
            hand: from the wrist, HAND_LENGTH for its whole length), y down in 2-D layouts and up in 3-D ones;
            NaN for joints that were not seen in the whole window.
        frames: of the window; the maps' voxels count them.
        maps: of this person alone; voxels of a hand are in the body's unit too.
    """

    person: int
    start: float
    end: float
    layout: SkeletonLayout
    body: np.ndarray
    frames: int
    maps: AttentionMaps


def window_attention(person: int, window: SkeletonSequence, maps: AttentionMaps) -> WindowAttention:
    """Puts the maps of a window (M = 1) beside the body, or the hand, that they are about."""
    if window.layout.subject == "hand":
        joints, seen, maps = _of_hand(window, maps)
    else:
        joints, seen = normalise(window.joints[0], window.confidence[0], window.layout, Preprocessing())
    body = np.where(seen.any(0)[:, None], joints[-1], np.nan).astype(np.float32)
    start, end = float(window.timestamps[0]), float(window.timestamps[-1])
    return WindowAttention(person, start, end, window.layout, body, len(window.timestamps), maps)


def _of_hand(window: SkeletonSequence, maps: AttentionMaps) -> tuple[np.ndarray, np.ndarray, AttentionMaps]:
    """(T, V, 3) joints of a hand, (T, V) whether they were seen, and the maps: from where its wrist is in the
    end, in units of its length."""
    seen = window.confidence[0] > 0
    joints = from_wrist(window.joints[0])
    wrist = joints[-1, SHREC_22.root]
    steps = np.diff(joints[seen.all(1)][:, [SHREC_22.root, *_MIDDLE_FINGER]], axis=1)
    lengths = np.linalg.norm(steps, axis=-1).sum(1)
    unit = float(np.percentile(lengths, 90)) / HAND_LENGTH if len(lengths) else 0.0
    if unit <= 0:
        return joints - wrist, seen, maps
    if maps.voxels is not None:
        positions, side = (maps.voxels.positions - wrist) / unit, maps.voxels.side / unit
        maps = replace(maps, voxels=replace(maps.voxels, positions=positions, side=side))
    return (joints - wrist) / unit, seen, maps


class AttentionLog:
    """Collects attention on disk while a video runs, so that hours of it do not fill the memory.

    Safe to use from several threads. The file has no name and goes when the log is closed.

    Args:
        folder: where to write; None takes the system's place for temporary files.

    Raises:
        OSError: nothing can be written there.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = tempfile.TemporaryFile(prefix="pose2action-", dir=folder)
        self._lock = threading.Lock()
        # Windows without their arrays, and from where to where those lie in the file.
        self._rows: list[tuple[WindowAttention, int, int]] = []

    def add(self, looked: WindowAttention) -> None:
        """Takes one window; all come from one network.

        Raises:
            OSError: the disk is full.
        """
        whole = io.BytesIO()
        np.savez(whole, **_arrays(looked))
        with self._lock:
            offset = self._file.seek(0, io.SEEK_END)
            self._file.write(whole.getbuffer())
            self._rows.append(
                (replace(looked, body=np.empty(0), maps=AttentionMaps()), offset, self._file.tell())
            )

    def spans(self) -> dict[int, tuple[float, float]]:
        """For each person the seconds at which their first and their last window ends."""
        ends: dict[int, list[float]] = {}
        with self._lock:
            for row, _, _ in self._rows:
                ends.setdefault(row.person, []).append(row.end)
        return {person: (min(own), max(own)) for person, own in ends.items()}

    def at(self, person: int, time: float) -> WindowAttention | None:
        """The window of a person that ends nearest to ``time`` seconds; None if there is none."""
        with self._lock:
            own = [place for place in self._rows if place[0].person == person]
            return self._read(*min(own, key=lambda place: abs(place[0].end - time))) if own else None

    def save(self, path: str | Path, persons: tuple[int, ...]) -> None:
        """Writes an .npz that numpy loads without pickle; the file appears whole.

        It holds, for the W windows of ``persons`` by person and time:

        - ``person`` (W,) int64, ``start`` and ``end`` (W,) float64 seconds (of a short clip the first window
          starts before 0), ``window_frames`` (W,) int64;
        - ``layout``, the skeleton's name, and ``joint_names`` (V,);
        - ``body`` (W, V, C) float32: the pose at the window's end, see ``WindowAttention.body``;

        and of the following what the network shows (see ``recognizer.attention.AttentionMaps``):

        - ``joints`` (W, T', V) and ``frames`` (W, T') float32 in [0, 1];
        - ``relations_0``, ``relations_1``, ...: (W, V, parts) float32, from the finest grain on;
        - ``regularisation`` (V, V) float32, the same for every window;
        - ``voxel_window`` (P,) int64, the row of each voxel's window, ``voxel_positions`` (P, D) float32,
          ``voxel_frames`` (P,) int64, ``voxel_magnitudes`` (P,) float32, and ``voxel_side`` (W,) float32.

        Raises:
            OSError: the file cannot be written.
        """
        with self._lock:
            places = [place for place in self._rows if place[0].person in persons]
            places.sort(key=lambda place: (place[0].person, place[0].end))
            windows = [_arrays(self._read(*place)) for place in places]
        rows = [row for row, _, _ in places]
        table: dict[str, np.ndarray] = {
            "person": np.array([row.person for row in rows], np.int64),
            "start": np.array([row.start for row in rows], np.float64),
            "end": np.array([row.end for row in rows], np.float64),
            "window_frames": np.array([row.frames for row in rows], np.int64),
        }
        if rows:
            table["layout"] = np.array(rows[0].layout.name)
            table["joint_names"] = np.array(rows[0].layout.joints)
            table |= _joined(windows)
        with (
            replacing(path) as temporary,
            zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name, array in table.items():
                add_array(archive, name, array)

    def close(self) -> None:
        """Deletes what lies on disk; nothing can be read any more. May be called twice."""
        with self._lock:
            self._rows = []
            with suppress(OSError):  # a full disk has no room for what the file still holds back
                self._file.close()

    def _read(self, row: WindowAttention, begin: int, end: int) -> WindowAttention:
        self._file.seek(begin)
        data = self._file.read(end - begin)
        with np.load(io.BytesIO(data)) as arrays:
            return replace(row, body=arrays["body"], maps=_maps(dict(arrays)))


def _arrays(looked: WindowAttention) -> dict[str, np.ndarray]:
    maps = looked.maps
    arrays = {"body": looked.body, "joints": maps.joints, "frames": maps.frames}
    arrays |= {f"relations_{grain}": relations for grain, relations in enumerate(maps.relations)}
    arrays["regularisation"] = maps.regularisation
    if maps.voxels is not None:
        arrays |= {
            "voxel_positions": maps.voxels.positions,
            "voxel_frames": maps.voxels.frames,
            "voxel_magnitudes": maps.voxels.magnitudes,
            "voxel_side": np.float32(maps.voxels.side),
        }
    return {name: array for name, array in arrays.items() if array is not None}


def _maps(arrays: dict[str, np.ndarray]) -> AttentionMaps:
    voxels = None
    if "voxel_positions" in arrays:
        voxels = ActiveVoxels(
            arrays["voxel_positions"], arrays["voxel_frames"], arrays["voxel_magnitudes"],
            float(arrays["voxel_side"]),
        )  # fmt: skip
    grains = sum(name.startswith("relations_") for name in arrays)
    return AttentionMaps(
        joints=arrays.get("joints"),
        frames=arrays.get("frames"),
        relations=tuple(arrays[f"relations_{grain}"] for grain in range(grains)),
        regularisation=arrays.get("regularisation"),
        voxels=voxels,
    )


def _joined(windows: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """One array a name: windows stacked, voxels one after the other."""
    joined = {}
    for name in windows[0]:
        columns = [window[name] for window in windows]
        if name == "regularisation":
            joined[name] = columns[0]
        elif name in ("voxel_positions", "voxel_frames", "voxel_magnitudes"):
            joined[name] = np.concatenate(columns)
        else:
            joined[name] = np.stack(columns)
    if "voxel_frames" in joined:
        counts = [len(window["voxel_frames"]) for window in windows]
        joined["voxel_window"] = np.repeat(np.arange(len(windows)), counts)
    return joined
