"""Whether the page and recognition stay quick with very many own actions.

    python -m benchmarks.many_own [--collections 100] [--actions 50] [--recordings 20]

Makes the collections in a folder that goes again: smooth motions of a standing figure, another one for each
action and a little another one for each recording (collections share the files). Then measures how long a
running server takes to give the page, with them and with none; how long it takes until the own actions of one
collection are recognised, the first time, again, and after one more recording; how long it takes to judge its
recordings, as the page is told after each; and what recognising a window costs beside the network alone, in
turns.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from benchmarks.stress.server import DemoServer
from pose.layouts import MEDIAPIPE_33
from recognizer.fusion import load_recognizer
from recognizer.own.bank import load_bank
from recognizer.own.collection import Collection, Collections
from recognizer.own.judging import reports_of
from recognizer.own.looks import looks
from recognizer.own.recordings import Recording
from recognizer.own.teaching import Lessons, with_own
from recognizer.own.variants import windows_of
from recognizer.weights import DEFAULT

_FPS, _SECONDS = 20, 2.0


def motion(action: int, number: int) -> Recording:
    """One recording of an action: every landmark swings about where it is in somebody who stands."""
    ways, small = np.random.default_rng(action), np.random.default_rng([action, number])
    times = np.arange(round(_FPS * _SECONDS) + 1) / _FPS
    count = len(MEDIAPIPE_33)
    stand = np.random.default_rng(0).uniform((-0.3, -0.8, -0.1), (0.3, 0.8, 0.1), (count, 3))
    reach = ways.uniform(0, 0.3, (count, 3)) * small.uniform(0.8, 1.2, (count, 3))
    speed = ways.uniform(2, 9, (count, 1)) * small.uniform(0.9, 1.1)
    world = stand + reach * np.sin(speed * times[:, None, None] + ways.uniform(0, 6, (count, 3)))
    image = 240 + 200 * world[..., :2]
    visible = np.ones((len(times), count))
    return Recording(
        times, image.astype(np.float32), world.astype(np.float32), visible.astype(np.float32), (640, 480)
    )


def make(root: Path, collections: int, actions: int, recordings: int) -> Collections:
    """The collections; all but the first hold links to its files."""
    home = Collections(root)
    first = home.make("first")
    for action in range(actions):
        for number in range(recordings):
            first.add(f"action {action}", motion(action, number))
    files = list(first.folder.glob("*/*.npz"))
    for number in range(1, collections):
        for file in files:
            link = root / f"collection {number}" / file.relative_to(first.folder)
            link.parent.mkdir(parents=True, exist_ok=True)
            os.link(file, link)
    return home


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def page_seconds(folder: Path, times: int = 9) -> float:
    """Median seconds in which a server gives its page."""
    server = DemoServer(folder)
    try:

        def opened() -> None:
            urllib.request.urlopen(server.address, timeout=60).read()

        opened()
        return statistics.median(seconds(opened) for _ in range(times))
    finally:
        server.stop()


def window_milliseconds(collection: Collection, lessons: Lessons, rounds: int = 60) -> tuple[float, float]:
    """Median of a window by the network alone, and with the collection's actions."""
    alone = load_recognizer(DEFAULT)
    both = with_own(alone, (DEFAULT,), collection, lessons)
    card = alone.card
    window = windows_of(motion(0, 0).sequence(alone.layout), card.window_seconds, card.frames)[:1]
    spent: dict[object, list[float]] = {alone: [], both: []}
    for _ in range(rounds):
        for each, list_of in spent.items():
            list_of.append(1000 * seconds(lambda each=each: each.predict(window)))
    return statistics.median(spent[alone]), statistics.median(spent[both])


def main(
    collections: Annotated[int, typer.Option(min=1)] = 100,
    actions: Annotated[int, typer.Option(min=1)] = 50,
    recordings: Annotated[int, typer.Option(min=1)] = 20,
) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        none, many = Path(folder) / "none", Path(folder) / "many"
        root = many / "home" / "pose2action" / "collections"
        home = make(root, collections, actions, recordings)
        print(f"{collections} collections of {actions} actions of {recordings} recordings", flush=True)
        print(
            f"the page: {page_seconds(none):.2f} s without any, {page_seconds(many):.2f} s with all of them"
        )
        collection, lessons, alone = home.open("first"), Lessons(), load_recognizer(DEFAULT)
        bank = load_bank(DEFAULT)

        def taught() -> None:
            with_own(alone, (DEFAULT,), collection, lessons)

        first, again = seconds(taught), seconds(taught)

        def told() -> None:
            reports_of(looks(collection), lessons.of(alone, collection), bank)

        told_first, told_again = seconds(told), seconds(told)
        collection.add("action 0", motion(0, recordings))
        more = seconds(taught)
        print(f"recognised after {first:.1f} s, again {again:.1f} s, with one more recording {more:.1f} s")
        print(f"what the page is told of it takes {told_first:.1f} s, again {told_again:.1f} s")
        network, both = window_milliseconds(collection, lessons)
        print(f"a window: {network:.1f} ms by the network alone, {both:.1f} ms with own actions")


if __name__ == "__main__":
    typer.run(main)
