"""Teaching while the camera runs: what one page asks for, in a thread beside its live session.

What the page is told, beside ``teach-failed`` with ``message``:

    taught       collection; collections, all names; actions: of each name, both_sides, hints (sentences) and
                 recordings: of each name, seconds, fit (how like the others, 0 to 1, or null), odd and video
                 (whether it is kept); undo: what ``teach-undo`` would bring back, or null; learnt: whether
                 they are recognised now; said: a sentence on what was done; kept: the recording that is new
                 (of several that were cut at rest, the last), or null
    teach-shown  action; loops: by recording, frames of x and y of each landmark in turn, in 1/1000 of the
                 skeleton's height, from its middle
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from app.core.failures import explain
from app.core.subjects import subject_of
from app.live.view import LiveRecord
from app.video.recording import only_one
from app.web.answers import told
from app.web.film import Film, keep_videos
from app.web.messages import CameraFrame
from app.web.school import School
from app.web.teach_answers import action_told, kept_sentence, loop_of
from app.web.teach_messages import (
    TeachDelete,
    TeachList,
    TeachMessage,
    TeachRecord,
    TeachRename,
    TeachShow,
    TeachSides,
    TeachUndo,
)
from pose.errors import UserError
from pose.skeleton import PersonPose
from recognizer.card import WeightsError
from recognizer.own.card import OwnAction
from recognizer.own.collection import Collection
from recognizer.own.cuts import LONGEST_ROW, cut_at_rest
from recognizer.own.deletions import Deleted
from recognizer.own.errors import CollectionError
from recognizer.own.judging import reports_of
from recognizer.own.looks import looks
from recognizer.own.names import checked_name
from recognizer.own.recordings import LONGEST, Recording, RecordingError
from recognizer.own.teaching import OwnError, bank_of, with_own
from recognizer.predictor import WindowRecognizer

MOST_WAITING = 8
"""Things that a page may have asked for and that are not done."""
FAILED = "This could not be done, and nothing was changed. Try again."
_MOST_LOOPS = 24


class Pupil(Protocol):
    """Whom own actions are taught (``app.live.engine.LiveEngine``)."""

    def set_recognizer(self, recognizer: Any) -> None: ...

    def record(self) -> LiveRecord: ...


class _Chosen(NamedTuple):
    """The weights that a page has chosen. One value, as it is read while another thread sets it."""

    recognizer: WindowRecognizer
    names: Sequence[str]


class Teaching:
    """One session's teaching. Methods return at once; what is asked for is done in a thread, in order.

    Args:
        school: shared by all sessions.
        tell: takes messages for the page; any thread may call it.
        ready: called, from the thread, with the recogniser that is used now.
        film: pictures of the last seconds, for videos; read while it hears, and only then.
    """

    def __init__(
        self,
        school: School,
        tell: Callable[[str], None],
        ready: Callable[[WindowRecognizer], None],
        film: Film,
    ) -> None:
        self._school, self._tell, self._ready, self._film = school, tell, ready, film
        self._pool = ThreadPoolExecutor(1, "teaching")
        self._lock = threading.Lock()
        self._waiting, self._filmed = 0, False
        self._pupil: Pupil | None = None
        self._chosen: _Chosen | None = None
        self._own: str | None = None
        self._seen = 0
        self._deleted: Deleted | None = None

    def use(self, pupil: Pupil, base: WindowRecognizer, names: Sequence[str]) -> None:
        """Other weights were chosen, which the pupil uses already."""
        self._pupil, self._chosen = pupil, _Chosen(base, names)
        if self._own is not None:
            self._later(self._learn_and_report)

    def choose(self, collection: str | None) -> None:
        """Recognises a collection's actions from now on; None only the built-in ones."""
        self._own = collection
        if self._chosen is None:
            return
        if collection is None:
            self._later(self._forget)
        else:
            self._later(self._learn_and_report)

    def look(self) -> None:
        """Notices what other pages have taught. Called often."""
        own = self._own
        if own is not None and self._chosen is not None and self._school.changes(own) != self._seen:
            self._seen = self._school.changes(own)
            self._later(self._learn_and_report)

    def hear(self, message: TeachMessage) -> None:
        """Does what a page asks for."""
        record, frames = None, ()
        filmed = isinstance(message, TeachRecord) and message.film
        if isinstance(message, TeachRecord) and self._pupil is not None:
            record = self._pupil.record()  # now: the frames that it is about are forgotten later
            if message.film:
                frames = self._film.between(message.since, message.until)
        self._later(lambda: self._do(message, record, frames), filmed)

    def close(self) -> None:
        """Ends the thread after what it is doing, and leaves the pupil alone from now on."""
        with self._lock:
            self._pupil = None
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _later(self, work: Callable[[], object], filmed: bool = False) -> None:
        with self._lock:
            # Of films one at a time waits, as pictures take much memory.
            if self._waiting >= MOST_WAITING or (filmed and self._filmed):
                self._fail("Too much was asked for at once: wait a moment and try again.")
                return
            self._waiting += 1
            self._filmed = self._filmed or filmed

        def run() -> None:
            try:
                work()
            except UserError as error:
                self._fail(str(error))
            except OSError as error:
                self._fail(f"Nothing was kept: {error.strerror or error}. Make room and try again.")
            except Exception as error:
                self._fail(explain(error, FAILED))
            finally:
                with self._lock:
                    self._waiting -= 1
                    self._filmed = self._filmed and not filmed

        self._pool.submit(run)

    def _fail(self, sentence: str) -> None:
        self._tell(told("teach-failed", message=sentence))

    def _do(self, message: TeachMessage, record: LiveRecord | None, frames: Sequence[CameraFrame]) -> None:
        home = self._school.home
        said, kept = "", None
        match message:
            case TeachRecord():
                checked_name(
                    message.action
                )  # before what was shown: that can be mended without showing it anew
                recordings = self._recordings(message, record)
                collection = home.make(message.collection)
                names = collection.add_all(message.action, recordings, message.both_sides)
                said, kept = kept_sentence(message, recordings), names[-1]
                if message.film:
                    action = collection.written(message.action)
                    paths = [collection.video(action, name) for name in names]
                    said = f"{said} {keep_videos(paths, recordings, frames)}".strip()
            case TeachList():
                there = message.collection in home.names()
                self._report(home.open(message.collection) if there else None)
                return
            case TeachShow():
                self._show(home.open(message.collection), message.action)
                return
            case TeachDelete():
                collection = home.open(message.collection)
                self._deleted = collection.delete(message.action, message.recording)
                said = f"Deleted {'a recording of ' if message.recording else ''}{message.action}."
                if message.recording and not collection.recordings(message.action):
                    collection.delete(message.action)
            case TeachRename():
                collection = home.open(message.collection)
                said = f"{message.action} is now {collection.rename(message.action, message.to)}."
            case TeachSides():
                collection = home.open(message.collection)
                collection.describe(message.action, OwnAction(both_sides=message.both_sides))
            case TeachUndo():
                if self._deleted is None:
                    raise CollectionError("There is nothing to undo.")
                home.restore(self._deleted)
                said, self._deleted = f"{self._deleted.place.split('/')[1]} is back.", None
                collection = home.open(message.collection)
        self._school.changed(collection.name)
        self._seen = self._school.changes(collection.name)
        if isinstance(message, TeachRecord) and self._own is None:
            self._own = collection.name
        problem = self._learn()
        self._report(collection, problem, f"{said} {problem}".strip(), kept)

    def _recordings(self, message: TeachRecord, record: LiveRecord | None) -> list[Recording]:
        """What one person did between the times of a message, once or several times."""
        since, until = message.since / 1000, message.until / 1000
        frames: dict[float, dict[int, PersonPose]] = {}
        for person, seen in (record.landmarks if record is not None else {}).items():
            for each in seen:
                if since <= each.timestamp <= until:
                    frames.setdefault(each.timestamp, {})[person] = each.pose
        chosen = self._chosen
        if chosen is None or not frames:
            raise RecordingError("Nobody was in the picture: step into it and try again.")
        longest = LONGEST_ROW if message.cuts else LONGEST
        found = only_one(
            sorted(frames.items()), subject_of(chosen.recognizer.layout), "This was not kept", longest
        )
        return cut_at_rest(found) if message.cuts else [found]

    def _learn_and_report(self) -> None:
        problem = self._learn()
        if self._own is not None and self._own in self._school.home.names():
            self._report(self._school.home.open(self._own), problem, problem)

    def _learn(self) -> str:
        """Teaches the pupil what is chosen; a sentence where own actions are not recognised now, or ""."""
        pupil, chosen, own = self._pupil, self._chosen, self._own
        if pupil is None or chosen is None or own is None:
            return ""
        recognizer: WindowRecognizer = chosen.recognizer
        problem = ""
        try:
            recognizer = with_own(*chosen, self._school.home.open(own), self._school.lessons)
        except (OwnError, CollectionError, WeightsError) as error:
            problem = str(error)
        if chosen is self._chosen and own == self._own:  # nothing else was chosen meanwhile
            self._give(recognizer)
        return problem

    def _forget(self) -> None:
        if self._chosen is not None and self._own is None:
            self._give(self._chosen.recognizer)

    def _give(self, recognizer: WindowRecognizer) -> None:
        """Lets the pupil use a recogniser, unless its page has left meanwhile."""
        with self._lock:
            if self._pupil is None:
                return
            self._pupil.set_recognizer(recognizer)
        self._ready(recognizer)

    def _report(
        self, collection: Collection | None, problem: str = "", said: str = "", kept: str | None = None
    ) -> None:
        about: dict[str, Any] = {"collection": None, "actions": [], "undo": None, "learnt": False}
        if collection is not None:
            undo = None if self._deleted is None else self._deleted.place.split("/")[1]
            about = {
                "collection": collection.name,
                "actions": self._actions(collection),
                "undo": undo,
                "learnt": not problem and self._own == collection.name,
            }
        self._tell(told("taught", **about, collections=self._school.home.names(), said=said, kept=kept))

    def _actions(self, collection: Collection) -> list[dict[str, Any]]:
        lessons, bank, chosen = [], None, self._chosen
        if chosen is not None:
            lessons = self._school.lessons.of(chosen.recognizer, collection)
            with suppress(OwnError, WeightsError):
                bank = bank_of(chosen.names)
        reports = reports_of(looks(collection), lessons, bank)
        return [action_told(collection, report) for report in reports]

    def _show(self, collection: Collection, action: str) -> None:
        loops = {
            name: loop_of(collection.read(action, name))
            for name in collection.recordings(action)[-_MOST_LOOPS:]
        }
        self._tell(told("teach-shown", collection=collection.name, action=action, loops=loops))
