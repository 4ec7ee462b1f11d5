"""Where the landmarks of analysed uploads are kept, so that another look at one needs no pose estimation."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.web.orders import RESULTS
from pose.layouts import SkeletonLayout

MOST_KEPT = 16
"""Files, of ``app.video.keeping.MOST_BYTES`` unpacked at most: some megabytes a minute of video each."""


@dataclass(frozen=True)
class _Looked:
    """All that pose estimation depends on: which file, what it held, and what was looked for. How it looks is
    the same for all of a program's life."""

    video: Path
    size: int
    changed: int
    landmarks: str


class KeptLandmarks:
    """Paths of files of landmarks, by video. May be used from several threads.

    Args:
        folder: where to make the folder that they lie in; it is there only while there are any.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / f"{RESULTS}landmarks-{secrets.token_hex(4)}"
        self._lock = threading.Lock()
        self._files: OrderedDict[_Looked, Path] = OrderedDict()

    def place(self, video: Path, landmarks: SkeletonLayout) -> Path | None:
        """Where a video's landmarks lie, or belong; None where there is no such video.

        Args:
            video: the file as it is now.
            landmarks: MEDIAPIPE_33 or MEDIAPIPE_HAND_21.
        """
        try:
            state = video.stat()
        except OSError:
            return None
        looked = _Looked(video, state.st_size, state.st_mtime_ns, landmarks.name)
        with self._lock:
            path = self._files.setdefault(looked, self._folder / f"{secrets.token_hex(8)}.npz")
            self._files.move_to_end(looked)
        return path

    def keep(self, videos: Container[Path]) -> None:
        """Deletes the landmarks of all other videos, and those unused for longest of too many."""
        with self._lock:
            for looked in [each for each in self._files if each.video not in videos]:
                del self._files[looked]
            while len(self._files) > MOST_KEPT:
                self._files.popitem(last=False)
            wanted = set(self._files.values())
            with suppress(OSError):
                for path in self._folder.glob("*.npz"):
                    if path not in wanted:
                        path.unlink(missing_ok=True)
                if not wanted:
                    self._folder.rmdir()
