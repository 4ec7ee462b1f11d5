"""``pose2action run`` of one source: a video, a camera, an address, a file of landmarks."""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console

from app.commands.analysing import Look, analyse
from app.commands.interrupts import interruptible, until_interrupted
from app.commands.outputs import Outputs
from app.commands.printing import bar, print_event, print_result
from app.video.opening import open_source

if TYPE_CHECKING:
    from app.core.events import Event


def run_source(source: str, look: Look, outputs: Outputs, follow: bool = False) -> None:
    """Analyses a source, writes the outputs and prints what was found.

    Args:
        source: see ``open_source``.
        look: how to look at it.
        outputs: files to write.
        follow: print one line of JSON (``Event``) for each change of a label or its count, and nothing else,
            until the source ends, Ctrl-C, or nobody reads the lines any more.

    Raises:
        SourceError, LandmarksError, WeightsError, OutputError: with one sentence for the user.
        KeyboardInterrupt: Ctrl-C; with a sentence on what was written already, where anything was.
    """
    outputs.check(source)
    before = outputs.versions()
    try:
        with interruptible() as interrupted:
            _run(source, look, outputs, follow, interrupted)
    except KeyboardInterrupt:
        written = [name for name, version in outputs.versions().items() if before.get(name) != version]
        raise KeyboardInterrupt(
            f"stopped; only this was written: {', '.join(written)}." if written else ""
        ) from None


def _run(source: str, look: Look, outputs: Outputs, follow: bool, interrupted: threading.Event) -> None:
    errors = Console(stderr=True)

    def tell(sentence: str) -> None:
        errors.print(f"pose2action: {sentence}", markup=False, highlight=False, soft_wrap=True)

    with open_source(source, tell) as opened:
        # After the source: a wrong path is told at once, while torch takes seconds to import.
        with errors.status("Loading the recogniser ..."):
            from app.core.subjects import subject_of
            from app.video.run import Cancelled

            recognizer = look.recognizer()
        work = functools.partial(
            analyse, opened, recognizer, look.threshold, outputs, cancelled=interrupted.is_set
        )
        try:
            if follow:
                with until_interrupted() as ended:
                    on_event = _json_lines(ended)
                    result = work(finish=ended.is_set, on_event=on_event, keep=bool(outputs))
            elif opened.live:
                errors.print("Ctrl-C ends the recording.")
                with until_interrupted() as ended:
                    on_event = functools.partial(print_event, subject_of(recognizer.layout))
                    result = work(finish=ended.is_set, on_event=on_event)
            else:
                with bar(errors) as report:
                    result = work(progress=report)
        except Cancelled:
            raise KeyboardInterrupt from None
    if not follow:
        print_result(result, Console())
    if result.problem is not None:
        tell(result.problem)


def _json_lines(ended: threading.Event) -> Callable[[Event], None]:
    """A function that prints events; it sets ``ended`` when nobody reads them any more."""

    def on_event(event: Event) -> None:
        if ended.is_set():
            return
        try:
            print(event.as_json(), flush=True)
        except BrokenPipeError:
            # What Python still holds is written once more when it ends, and must not fail again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ended.set()

    return on_event
