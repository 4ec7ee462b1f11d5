"""Hours of ordinary and hostile use of one server, and whether its memory stays where it is.

Tabs show a film, change weights and settings, close and open again; one uploads videos and has them analysed,
one sends what no page sends, one says nothing. Threads, open files and resident memory are noted every ten
seconds. What a server takes in use changes by a third from one minute to the next, with what is asked of it,
and that hides what it never gives back: so all but the tabs stay away every ten minutes, until it is at
rest, with the same weights in use and in memory each time. Its tabs go on, and what they took is given back
every ``app.web.memory.EVERY`` seconds, so that the least memory in a little more than that is what it keeps.
After a warm-up, in which all weights are loaded, the medians of the first and the last quarter of these rests
must differ by at most 5 %.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from app.web.memory import EVERY as GIVEN_BACK
from benchmarks.stress.process import MEGABYTE, least_memory, open_files, status
from benchmarks.stress.server import DemoServer
from benchmarks.stress.tab import Tab, film
from benchmarks.stress.visitors import Hostile, Silent, Switcher, Uploader, Visitor

PLACES = 4
"""Cameras that the server serves at once."""
EVERY = 10.0
REST_EVERY = 600.0
REST = 20.0
"""Seconds after the last visit at which the server is at rest."""
WATCHED = GIVEN_BACK + 3
"""Seconds of a rest, of which the least memory counts."""
FLAT = 0.05
PATIENCE = 10.0
"""Seconds in which the server must give a small file at any time."""


@dataclass(frozen=True)
class Sample:
    """The server at one moment: seconds since the start, resident bytes, threads, open files, if it rests.

    At rest, the bytes are the least of WATCHED seconds.
    """

    seconds: float
    memory: int
    threads: int
    files: int
    rest: bool


@dataclass(frozen=True)
class Trend:
    """A figure's medians over the first and the last quarter of the rests after the warm-up."""

    name: str
    first: float
    last: float

    @property
    def flat(self) -> bool:
        """Whether it did not grow by more than 5 %, or by one where it is a small number."""
        return self.last - self.first <= max(FLAT * self.first, 1.0)


def trends(samples: list[Sample], warm_up: float) -> list[Trend]:
    """Of all figures; none where there are fewer than four rests after ``warm_up`` seconds."""
    rests = [sample for sample in samples if sample.rest and sample.seconds >= warm_up]
    quarter = len(rests) // 4
    if not quarter:
        return []
    return [
        Trend(
            name,
            statistics.median(getattr(each, name) for each in rests[:quarter]),
            statistics.median(getattr(each, name) for each in rests[-quarter:]),
        )
        for name in ("memory", "threads", "files")
    ]


class Rests:
    """Keeps visitors away now and then. Until the first time they come as they like.

    Args:
        visitors: all of them.
    """

    def __init__(self, visitors: list[Visitor]) -> None:
        self._visitors = visitors
        self._due = REST_EVERY
        self._gone: float | None = None

    def at(self, now: float) -> bool:
        """Whether the server is at rest after so many seconds, to be asked again and again."""
        if now < self._due:
            return False
        for visitor in self._visitors:
            visitor.stay_away()
        if any(visitor.here for visitor in self._visitors):
            self._gone = None
            return False
        self._gone = now if self._gone is None else self._gone
        return now - self._gone >= REST

    def over(self, now: float) -> None:
        """Lets the visitors come again until the next rest."""
        self._due, self._gone = now + REST_EVERY, None
        for visitor in self._visitors:
            visitor.come_again()


def soak(minutes: float, tabs: int, fps: float, folder: Path) -> list[str]:
    """Runs it and prints what happened.

    Args:
        minutes: without the warm-up.
        tabs: that show a film all the time; of more than the limit, the others must be told so.
        fps: pictures a second of each.
        folder: for the samples, the server's log and its files.

    Returns:
        A sentence for each thing that was not as it must be.
    """
    warm_up = min(600.0, max(60.0, 60 * minutes / 5))
    faults: list[str] = []
    began = time.monotonic()
    server = DemoServer(folder)
    print(f"the server (process {server.pid}) answers after {time.monotonic() - began:.0f} s", flush=True)
    pictures = film(fps)
    shown = [Tab(server, pictures, fps, weights=None) for _ in range(tabs)]
    visitors: list[Visitor] = [Uploader(server, folder), Switcher(server, shown)]
    if tabs < PLACES:
        visitors += [Hostile(server), Silent(server)]
    try:
        samples = _sample(server, warm_up + 60 * minutes, folder / "samples.csv", shown, visitors, faults)
        for visitor in visitors:
            visitor.close()
    finally:
        for tab in shown:
            tab.close()
        ended = server.ended
        seconds = server.stop()
    if ended is not None:
        faults.append(f"the server ended by itself with {ended}")
    elif seconds > PATIENCE:
        faults.append(f"the server took {seconds:.0f} s to end")
    faults += [fault for visitor in visitors for fault in visitor.faults]
    faults += _tab_faults(shown)
    for visitor in visitors:
        print(f"{type(visitor).__name__.lower()}: {visitor.done} times, {len(visitor.faults)} faults")
    found = trends(samples, warm_up)
    used = [sample.memory / MEGABYTE for sample in samples if sample.seconds >= warm_up]
    if used:
        print(f"memory in use: {statistics.median(used):.0f} MB, at most {max(used):.0f} MB")
    if not found:
        print("too short to tell whether anything grows: that takes four rests of the server, 40 minutes")
    for trend in found:
        unit = MEGABYTE if trend.name == "memory" else 1
        change = 100 * (trend.last / max(trend.first, 1) - 1)
        print(
            f"{trend.name} at rest: {trend.first / unit:.0f} to {trend.last / unit:.0f} ({change:+.1f} %), "
            f"{'flat' if trend.flat else 'NOT FLAT'}"
        )
        if not trend.flat:
            faults.append(
                f"{trend.name} at rest grew from {trend.first / unit:.0f} to {trend.last / unit:.0f}"
            )
    return faults


def _sample(
    server: DemoServer,
    seconds: float,
    path: Path,
    tabs: list[Tab],
    visitors: list[Visitor],
    faults: list[str],
) -> list[Sample]:
    """Notes how the server is until the time is over or it has ended."""
    began = time.monotonic()
    samples: list[Sample] = []
    rests = Rests(visitors)
    with path.open("w") as file:
        print("seconds,memory,threads,files,rest,pictures,visits", file=file)
        while (now := time.monotonic() - began) < seconds and server.ended is None:
            pid = server.pid
            rest = rests.at(now)
            memory = least_memory(pid, WATCHED) if rest else status(pid, "VmRSS")
            sample = Sample(now, memory, status(pid, "Threads"), open_files(pid), rest)
            samples.append(sample)
            if rest:
                rests.over(now)
            counts = sum(tab.log.pictures for tab in tabs), sum(visitor.done for visitor in visitors)
            print(
                f"{now:.0f}",
                sample.memory,
                sample.threads,
                sample.files,
                int(rest),
                *counts,
                sep=",",
                file=file,
            )
            file.flush()
            if len(samples) % 30 == 1:
                print(
                    f"{now / 60:5.1f} min: {sample.memory / MEGABYTE:.0f} MB, {sample.threads} threads, "
                    f"{sample.files} files, {counts[0]} pictures, {counts[1]} visits, "
                    f"{sum(len(visitor.faults) for visitor in visitors)} faults",
                    flush=True,
                )
            if not server.answers(PATIENCE) and server.ended is None:
                faults.append(f"after {now:.0f} s the server did not answer within {PATIENCE:.0f} s")
            if traceback := server.tracebacks():
                faults.append(f"after {now:.0f} s the server's log has: {traceback[-1500:]}")
            time.sleep(max(0.0, EVERY - (time.monotonic() - began - now)))
    return samples


def _tab_faults(tabs: list[Tab]) -> list[str]:
    """What the tabs saw that no honest tab may see."""
    faults = []
    served = [tab for tab in tabs if tab.log.pictures]
    for number, tab in enumerate(tabs):
        log = tab.log
        print(f"tab {number}: {log.pictures} pictures, labels {log.labels}, refused {len(log.refused)} times")
        faults += [f"tab {number} was told: {sentence}" for sentence in log.failed]
        if tab in served and len(tabs) <= PLACES:
            faults += [f"tab {number} lost its connection: {reason}" for reason in log.lost]
        if tab not in served and not log.refused:
            faults.append(f"tab {number} got neither pictures nor the sentence that the server is full")
    if len(served) < min(len(tabs), PLACES):
        faults.append(f"only {len(served)} of {len(tabs)} tabs were served")
    if len(tabs) > PLACES and not any(tab.log.refused for tab in tabs):
        faults.append("no tab was told that the server is full")
    if served and not any("wave" in tab.log.labels for tab in served):
        faults.append("nobody was told that the figure waves")
    return faults
