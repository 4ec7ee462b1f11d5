"""Pose estimation: at most two people in a picture, as MediaPipe-33 landmarks.

MediaPipe's own mode for several people runs its person detector on every picture while a person is missing,
and loses people who touch. Here each person has a landmarker of their own that follows nobody else, and the
detector runs only now and then, on views chosen for it: with the known people painted out, close up, or on a
tile. A landmarker computes in one thread, so two people are followed at the same time, and live use looks for
a second one beside the first.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
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
_KEPT_FOR = 10_000
"""Milliseconds for which a landmarker is kept that looks at nothing: the second person is long gone."""


class _Slot:
    """One person's landmarker; ``pose`` is where the person was last, None while it follows nobody.

    Attributes:
        used: milliseconds at which it last looked at a picture.
    """

    def __init__(self) -> None:
        self.pose: PersonPose | None = None
        self.used = 0
        self._landmarker: VideoLandmarker | None = None

    def open(self) -> VideoLandmarker:
        """Its landmarker, made when it is needed: each takes 70 MB, and most pictures show one person."""
        if self._landmarker is None:
            self._landmarker = VideoLandmarker(PEOPLE, 1)
        return self._landmarker

    def close(self) -> None:
        """May be opened again."""
        if self._landmarker is not None:
            self._landmarker.close()
            self._landmarker = None

    def follow(self, image: np.ndarray, milliseconds: int) -> PersonPose | None:
        self.used = milliseconds
        return next(iter(self.open().follow(image, milliseconds)), None)

    def let_go(self) -> None:
        if self._landmarker is not None:
            self._landmarker.let_go()


@dataclass(frozen=True)
class _Look:
    """A look for people who are not known yet, in one picture.

    Attributes:
        image: where to look.
        milliseconds: its time.
        views: parts of it and what they show.
        known: who is known.
        free: the landmarkers that new people may have; nobody else uses them until it is over.
    """

    image: np.ndarray
    milliseconds: int
    views: list[tuple[np.ndarray, Box | None]]
    known: list[PersonPose]
    free: list[_Slot]


class MediaPipePose:
    """Finds and follows one or two people in the pictures of one video.

    Not safe for several threads at once: one estimator a video, one call at a time. Close it when done.

    Args:
        persons: how many people to look for, 1 or 2.
        beside: look for a second person in a thread beside, so that no picture waits for it: they are found a
            few pictures later, and the same pictures do not give the same poses each time.

    Raises:
        PoseModelError: MediaPipe's models cannot be had.
    """

    def __init__(self, persons: int = 2, beside: bool = False) -> None:
        if persons not in (1, 2):
            raise ValueError(f"persons must be 1 or 2, got {persons}")
        self._persons, self._looks_beside = persons, beside
        with contextlib.ExitStack() as opened:
            self._slots = [_Slot() for _ in range(persons)]
            for slot in self._slots:
                opened.callback(slot.close)
            self._slots[0].open()
            self._searcher = opened.enter_context(shared_landmarker(PEOPLE, persons))
            self._beside = opened.enter_context(ThreadPoolExecutor(1, "pose-beside"))
            self._opened: contextlib.ExitStack | None = opened.pop_all()
        self._clock = PictureClock()
        self._missing: list[tuple[int, PersonPose]] = []
        self._search_at = self._clock.now
        self._looking: tuple[_Look, Future[list[tuple[_Slot, PersonPose]]]] | None = None
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
        if self._looking is None and len(poses) < self._persons and now >= self._search_at:
            look = self._look(image, poses)
            self._looking = look, self._beside.submit(self._find, look)
        if self._looking is not None:
            look, finding = self._looking
            # With nobody known there is nobody who would wait for it.
            if finding.done() or not self._looks_beside or not look.known:
                new = self._welcome(poses)
                poses += new if look.image is image else []  # else they are followed from the next one on
        for slot in self._free():  # with nobody known one of them has just looked
            if now - slot.used > _KEPT_FOR:
                slot.close()
        return poses

    def reset(self) -> None:
        """Forget all people: the next picture has nothing to do with the last one."""
        if self._looking is not None:
            wait([self._looking[1]])
            self._looking = None
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
        """Everybody known, in this picture. With nobody known a landmarker that is free looks by itself."""
        active = [slot for slot in self._slots if slot.pose is not None] or self._free()[:1]
        before = [slot.pose for slot in active]
        known = [pose for pose in before if pose is not None]
        for slot in active:
            if slot.pose is None:
                slot.let_go()
        found = self._at_once(active, separated(image, known) or [image] * len(active))
        for slot, pose in zip(active, found, strict=True):
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

    def _at_once(self, slots: Sequence[_Slot], pictures: Sequence[np.ndarray]) -> list[PersonPose | None]:
        """Whom each landmarker sees in its picture."""
        now, pairs = self._clock.now, list(zip(slots, pictures, strict=True))
        second = [self._beside.submit(slot.follow, picture, now) for slot, picture in pairs[1:]]
        first = [slot.follow(picture, now) for slot, picture in pairs[:1]]
        return first + [each.result() for each in second]

    def _free(self) -> list[_Slot]:
        """The landmarkers that follow nobody and are not lent to a look."""
        lent = self._looking[0].free if self._looking is not None else []
        return [slot for slot in self._slots if slot.pose is None and slot not in lent]

    def _look(self, image: np.ndarray, known: list[PersonPose]) -> _Look:
        """What to look at for people who are not known."""
        missing = [pose for _, pose in self._missing]
        views = self._views(image, known, missing)
        # The first picture of a video may be its only one, so it gets every view. Somebody missing is worth
        # two views at once; otherwise the views take turns.
        turn = views if self._fresh else views[:2] if missing else [views[self._searches % len(views)]]
        self._searches += 1
        self._fresh = False
        return _Look(image, self._clock.now, turn, known, self._free())

    def _find(self, look: _Look) -> list[tuple[_Slot, PersonPose]]:
        """Looks, and gives each new person one of the landmarkers."""
        found: list[tuple[_Slot, PersonPose]] = []
        for picture, box in look.views:
            for pose in distinct(self._searcher.find(picture, box)):
                others = look.known + [pose for _, pose in found]
                room = len(found) < len(look.free)
                if room and is_person(pose) and not any(same_body(pose, other) for other in others):
                    slot = look.free[len(found)]
                    seen = _set_on(slot, pose, others, look)
                    if seen is not None:
                        found.append((slot, seen))
            if len(found) == len(look.free):
                break
        return found

    def _welcome(self, known: list[PersonPose]) -> list[PersonPose]:
        """Ends a look, when it is over, and gives those who are new."""
        assert self._looking is not None
        (_, finding), self._looking = self._looking, None  # over, also where it fails
        new: list[PersonPose] = []
        for slot, pose in finding.result():
            if any(same_body(pose, other) for other in known):
                continue  # who was missing came back by themselves meanwhile
            slot.pose = pose
            new.append(pose)
            self._missing = [entry for entry in self._missing if not _near(entry[1], pose)]
        pause = _SEARCH_EVERY
        if self._missing:  # less and less often: who is not back soon has left
            pause = max(_MISSING_EVERY, (self._clock.now - max(since for since, _ in self._missing)) // 2)
        self._search_at = self._clock.now + pause
        return new

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


def _set_on(slot: _Slot, pose: PersonPose, others: list[PersonPose], look: _Look) -> PersonPose | None:
    """Sets a landmarker on a person, and gives whom it sees; None if that is nobody or somebody else."""
    slot.let_go()
    seen = slot.follow(only(look.image, pose, others), look.milliseconds)
    if seen is None or not same_body(seen, pose) or any(same_body(seen, other) for other in others):
        return None
    return seen


def _near(a: PersonPose, b: PersonPose) -> bool:
    """Whether two poses may be one person a moment apart."""
    distance = np.linalg.norm(body_centre(a) - body_centre(b))
    return bool(distance < max(body_size(a), body_size(b)))
