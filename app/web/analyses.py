"""The analyses that the Video tabs run: one a tab, two at a time, with their files and uploads."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.core.attention import AttentionLog, WindowAttention
from app.core.catalogue import Catalogue
from app.web.analysis import Outcome, analyse, in_a_sentence
from app.web.jobs import Job, JobQueue, QueueFullError
from app.web.kept_landmarks import KeptLandmarks
from app.web.orders import GONE, RESULTS, Order, OrderError, is_number, source_in
from app.web.school import School
from app.web.shared_example import ExampleClip

log = logging.getLogger(__name__)

MOST_AT_ONCE = 2
MOST_WAITING = 8
"""Analyses that wait besides: about a quarter of an hour of waiting for the last of them, with videos of some
minutes. Each keeps one of Gradio's forty threads busy telling its page how it stands."""
MOST_RESULTS = 16
"""Results that are kept, some ten megabytes a minute of video each."""
MOST_TABS = 256
"""Tabs that are known of, by their uploads or results."""

WORK_PATIENCE = 30.0
"""Seconds for which an analysis goes on whose page has no connection."""
KEEP_PATIENCE = 900.0
"""Seconds for which results and uploads stay whose page has none: longer, because Gradio's pages do not open
a heartbeat again that was lost, and somebody may still look at them."""
SWEEP_EVERY = 5.0


@dataclass
class _Tab:
    """What is known of a page's Video tab.

    Attributes:
        seen: when it was last known to be there, on the analyses' clock.
        upload: what it has chosen, unless that is the example.
        job: its newest analysis.
        analysed: the video of that.
    """

    seen: float
    upload: Path | None = None
    job: Job[Outcome] | None = None
    analysed: Path | None = None

    @property
    def busy(self) -> bool:
        return self.job is not None and not self.job.done


class Analyses:
    """Every tab's current analysis and upload, by the tab's session. Safe to use from several threads.

    Args:
        catalogue: where weights come from.
        folder: where uploads are stored; results get folders in it.
        is_open: whether the page of a session is there, see ``app.web.open_pages``.
        clock: seconds that only grow.
        school: where own actions come from; None takes the user's.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        folder: Path,
        is_open: Callable[[str], bool],
        clock: Callable[[], float] = time.monotonic,
        school: School | None = None,
    ) -> None:
        self._catalogue, self._folder, self._is_open, self._clock = catalogue, folder, is_open, clock
        self._school = School() if school is None else school
        self._queue = JobQueue(MOST_AT_ONCE, MOST_WAITING)
        self._example = ExampleClip(folder, RESULTS)
        self._landmarks = KeptLandmarks(folder)
        self._lock = threading.Lock()
        self._tabs: dict[str, _Tab] = {}
        self._read: list[tuple[Job[Outcome], Path]] = []  # the uploads of analyses that may still run
        self._uploads: set[Path] = set()  # all that may have to be deleted one day

    def start(self, session: str, order: Order) -> Job[Outcome]:
        """Starts a tab's analysis; its former one goes, with its files.

        Raises:
            OrderError: too many wait, or the video is not there. A former result stays.
        """
        with self._lock:
            source = source_in(self._folder, order.source, self._example.drawn)
            if source is None:
                raise OrderError(GONE)
            tab = self._tab(session)
            former = tab.job
            if former is not None:
                former.cancel()
            try:
                job = self._queue.start(
                    lambda job: analyse(
                        job, source, order, self._catalogue, self._school, self._folder, self._landmarks
                    ),
                    Outcome.delete,
                )
            except QueueFullError:
                raise OrderError(
                    f"This demo already has {MOST_WAITING} videos waiting; try again in a moment."
                ) from None
            tab.job, tab.analysed = job, source
            self._choose(tab, source)
            self._read.append((job, source))
        if former is not None:
            _drop(former)
        self.sweep()
        return job

    def choose(self, session: str, path: str | None) -> None:
        """Notes the video that a tab has chosen, None for none: its former upload goes."""
        with self._lock:
            source = None if path is None else source_in(self._folder, path, self._example.drawn)
            self._choose(self._tab(session), source)
        self.sweep()

    def has_ended(self, session: str) -> bool:
        """Whether a tab's newest analysis has come to its end, with a result or an error."""
        with self._lock:
            tab = self._tabs.get(session)
        return tab is not None and tab.job is not None and tab.job.done and not tab.job.cancelled

    def cancel(self, session: str) -> None:
        """Asks a tab's analysis to stop, if it has one."""
        with self._lock:
            tab = self._tabs.get(session)
        if tab is not None and tab.job is not None:
            tab.job.cancel()

    def close(self, session: str) -> None:
        """Forgets a tab: cancels its analysis, deletes the files of one that has ended, and its upload."""
        with self._lock:
            tab = self._tabs.pop(session, None)
        if tab is not None and tab.job is not None:
            _drop(tab.job)
        self.sweep()

    def outcome(self, session: str) -> Outcome | None:
        """What a tab's newest analysis has found; None before it has."""
        with self._lock:
            tab = self._tabs.get(session)
            if tab is None or tab.job is None or tab.job.result is None:
                return None
            tab.seen = self._clock()
            return tab.job.result

    def looked(self, session: str, person: object, time: object) -> WindowAttention | None:
        """What the network looked at in a person's window that ends nearest to ``time``, where known."""
        kept = self._log(session)
        if kept is None or not isinstance(person, int) or not is_number(time):
            return None
        return kept.at(person, time)

    def span(self, session: str, person: object) -> tuple[float, float] | None:
        """Seconds at which a person's first and last window end, for ``looked``; None where none is known."""
        kept = self._log(session)
        return None if kept is None or not isinstance(person, int) else kept.spans().get(person)

    def example(self) -> Path:
        """The clip that the project draws itself; made when first asked for.

        Raises:
            AnalysisError: the disk is full.
            OSError: it cannot be written.
        """
        with in_a_sentence():
            return self._example.path()

    def sweep(self) -> None:
        """Cancels and deletes what belongs to pages that have gone, and what there is too much of."""
        now = self._clock()
        with self._lock:
            for session, tab in self._tabs.items():
                if self._is_open(session):
                    tab.seen = now
            gone = [self._tabs.pop(session) for session in self._gone(now) | self._surplus()]
        for tab in gone:
            if tab.job is not None:
                _drop(tab.job)
        with self._lock:  # held while they are deleted, so that nobody chooses one of them meanwhile
            self._read = [(job, path) for job, path in self._read if not job.done]
            used = {path for _, path in self._read} | {tab.upload for tab in self._tabs.values()}
            for path in self._uploads - used:
                _delete_upload(path)
            self._uploads &= used
            self._landmarks.keep(used | {tab.analysed for tab in self._tabs.values()})

    def watch(self) -> None:
        """Sweeps from now on, as long as the program runs."""
        threading.Thread(target=self._watch, name="video-sweeper", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(SWEEP_EVERY)
            try:
                self.sweep()
            except Exception:  # the next one may do better; without any, the disk fills
                log.exception("files of closed pages could not be deleted")

    def _tab(self, session: str) -> _Tab:
        """The tab of a session, which is there now."""
        tab = self._tabs.setdefault(session, _Tab(0.0))
        tab.seen = self._clock()
        return tab

    def _choose(self, tab: _Tab, source: Path | None) -> None:
        tab.upload = None if source == self._example.drawn else source
        if tab.upload is not None:
            self._uploads.add(tab.upload)

    def _gone(self, now: float) -> set[str]:
        """Sessions whose pages have been away for too long."""
        return {
            session
            for session, tab in self._tabs.items()
            if now - tab.seen > (WORK_PATIENCE if tab.busy else KEEP_PATIENCE)
        }

    def _surplus(self) -> set[str]:
        """Sessions that there is no room for: the longest not seen, which open pages just were."""
        idle = [(session, tab) for session, tab in self._tabs.items() if not tab.busy]
        idle.sort(key=lambda each: each[1].seen)
        finished = [session for session, tab in idle if tab.job is not None]
        surplus = {session for session, _ in idle[: max(0, len(self._tabs) - MOST_TABS)]}
        return surplus.union(finished[: max(0, len(finished) - MOST_RESULTS)])

    def _log(self, session: str) -> AttentionLog | None:
        outcome = self.outcome(session)
        return None if outcome is None else outcome.attention


def _drop(job: Job[Outcome]) -> None:
    """Cancels an analysis, or deletes its result if it came first; see ``Job``."""
    job.cancel()
    if job.result is not None:
        job.result.delete()


def _delete_upload(path: Path) -> None:
    with suppress(OSError):
        path.unlink(missing_ok=True)
        path.parent.rmdir()  # Gradio gives each upload a folder of its own
