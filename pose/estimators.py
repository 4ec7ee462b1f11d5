"""Pose estimation: at most two people in a picture, as MediaPipe-33 landmarks.

MediaPipe's own mode for several people runs its person detector on every picture while a person is missing,
and loses people who touch. Here each person has a landmarker of their own that follows nobody else, and the
detector runs only now and then, on views chosen for it: with the known people painted out, close up, or on a
tile.
"""

from __future__ import annotations

import contextlib
from types import TracebackType

import numpy as np

from pose.landmarkers import PEOPLE, Box, PictureClock, VideoLandmarker, shared_landmarker
from pose.similarity import body_centre, body_size, distinct, is_person, same_body, similarity
from pose.skeleton import PersonPose
from pose.views import around, only, separated, tiles, without

_SEARCH_EVERY = 800
"""Milliseconds between two looks for people not known yet."""
_MISSING_EVERY = 100
"""Milliseconds between two looks for a person who has just been lost, at first."""
_MISSING_FOR = 1500
"""Milliseconds for which a lost person is looked for."""


class _Slot:
    """One person's landmarker; ``pose`` is where the person was last, None while it follows nobody."""

    def __init__(self) -> None:
        self.pose: PersonPose | None = None
        self._landmarker: VideoLandmarker | None = None

    def open(self) -> VideoLandmarker:
        """Its landmarker, made when it is needed: each takes 100 MB, and most pictures show one person."""
        if self._landmarker is None:
            self._landmarker = VideoLandmarker(PEOPLE, 1)
        return self._landmarker

    def close(self) -> None:
        if self._landmarker is not None:
            self._landmarker.close()

    def follow(self, image: np.ndarray, milliseconds: int) -> PersonPose | None:
        return next(iter(self.open().follow(image, milliseconds)), None)

    def let_go(self) -> None:
        if self._landmarker is not None:
            self._landmarker.let_go()


class MediaPipePose:
    """Finds and follows one or two people in the pictures of one video.

    Not safe for several threads at once: one estimator a video, one call at a time. Close it when done.

    Args:
        persons: how many people to look for, 1 or 2.

    Raises:
        PoseModelError: MediaPipe's models cannot be had.
    """

    def __init__(self, persons: int = 2) -> None:
        if persons not in (1, 2):
            raise ValueError(f"persons must be 1 or 2, got {persons}")
        self._persons = persons
        with contextlib.ExitStack() as opened:
            self._slots = [_Slot() for _ in range(persons)]
            for slot in self._slots:
                opened.callback(slot.close)
            self._slots[0].open()
            self._searcher = opened.enter_context(shared_landmarker(PEOPLE, persons))
            self._opened: contextlib.ExitStack | None = opened.pop_all()
        self._clock = PictureClock()
        self._missing: list[tuple[int, PersonPose]] = []
        self._search_at = self._clock.now
        self.reset()

    def estimate(self, image: np.ndarray, timestamp: float) -> list[PersonPose]:
        """The people in the next picture.

        Args:
            image: (H, W, 3) uint8 RGB, not mirrored.
            timestamp: seconds. One that runs backwards starts anew, as ``reset`` does.

        Returns:
            At most ``persons`` poses, in no promised order.
        """
        if self._opened is None:
            raise RuntimeError("this MediaPipePose is closed")
        if not self._clock.advance(image, timestamp):
            self.reset()
        now = self._clock.now
        self._missing = [(since, pose) for since, pose in self._missing if now - since <= _MISSING_FOR]
        poses = self._follow(image)
        if len(poses) < self._persons and now >= self._search_at:
            poses += self._search(image, poses)
        return poses

    def reset(self) -> None:
        """Forget all people: the next picture has nothing to do with the last one."""
        for slot in self._slots:
            slot.pose = None
        self._missing = []
        self._search_at = self._clock.now
        self._searches = 0
        self._fresh = True

    def close(self) -> None:
        """Free MediaPipe's resources. May be called again."""
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> MediaPipePose:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow(self, image: np.ndarray) -> list[PersonPose]:
        """Everybody known, in this picture. With nobody known the first landmarker looks by itself."""
        active = [slot for slot in self._slots if slot.pose is not None] or self._slots[:1]
        before = [slot.pose for slot in active]
        known = [pose for pose in before if pose is not None]
        for slot, picture in zip(active, separated(image, known) or [image], strict=True):
            if slot.pose is None:
                slot.let_go()
            pose = slot.follow(picture, self._clock.now)
            slot.pose = pose if pose is not None and is_person(pose) else None
        after = [slot.pose for slot in active if slot.pose is not None]
        if len(after) == 2 and same_body(*after):
            # Two landmarkers on one body: the one that has jumped there has lost its own.
            stayed = [similarity(then, now) for then, now in zip(known, after, strict=True)]
            active[int(np.argmin(stayed))].pose = None
        for slot, then in zip(active, before, strict=True):
            if slot.pose is None and then is not None:
                self._missing = [entry for entry in self._missing if not _near(entry[1], then)]
                self._missing.append((self._clock.now, then))
                self._search_at = self._clock.now
        return [slot.pose for slot in active if slot.pose is not None]

    def _search(self, image: np.ndarray, known: list[PersonPose]) -> list[PersonPose]:
        """Look for people who are not known and give each a landmarker."""
        missing = [pose for _, pose in self._missing]
        views = self._views(image, known, missing)
        # The first picture of a video may be its only one, so it gets every view. Somebody missing is worth
        # two views at once; otherwise the views take turns.
        turn = views if self._fresh else views[:2] if missing else [views[self._searches % len(views)]]
        self._searches += 1
        self._fresh = False
        found: list[PersonPose] = []
        for picture, box in turn:
            for pose in distinct(self._searcher.find(picture, box)):
                room = len(known) + len(found) < self._persons
                new = not any(same_body(pose, other) for other in known + found)
                if room and new and is_person(pose) and self._adopt(image, pose, known + found):
                    found.append(pose)
            if len(known) + len(found) == self._persons:
                break
        wait = _SEARCH_EVERY
        if self._missing:  # less and less often: who is not back soon has left
            wait = max(_MISSING_EVERY, (self._clock.now - max(since for since, _ in self._missing)) // 2)
        self._search_at = self._clock.now + wait
        return found

    def _adopt(self, image: np.ndarray, pose: PersonPose, others: list[PersonPose]) -> bool:
        """Set a free landmarker on a person. False if it does not see them too: then nobody is there."""
        slot = next(slot for slot in self._slots if slot.pose is None)
        slot.let_go()
        seen = slot.follow(only(image, pose, others), self._clock.now)
        if seen is None or not same_body(seen, pose) or any(same_body(seen, other) for other in others):
            return False
        slot.pose = seen
        self._missing = [entry for entry in self._missing if not _near(entry[1], seen)]
        return True

    def _views(
        self, image: np.ndarray, known: list[PersonPose], missing: list[PersonPose]
    ) -> list[tuple[np.ndarray, Box | None]]:
        """The pictures, and parts of them, in which to look for further people, in turns."""
        painted = without(image, known, missing)
        views: list[tuple[np.ndarray, Box | None]] = [(painted, None)]
        if missing:
            views.insert(0, (painted, around(known + missing)))
        if known:
            views.append((image, around(known + missing)))
        return views + [(painted, tile) for tile in tiles(image)]


def _near(a: PersonPose, b: PersonPose) -> bool:
    """Whether two poses may be one person a moment apart."""
    distance = np.linalg.norm(body_centre(a) - body_centre(b))
    return bool(distance < max(body_size(a), body_size(b)))
