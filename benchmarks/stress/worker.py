"""A process that runs inputs of one kind, so that it may hang, crash or fill its memory without harm.

    python -m benchmarks.stress.worker MODULE:TRIAL KIND SEED FOLDER

Reads an index a line, and writes a line of JSON when it is ready and after each input.
"""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import zlib
from pathlib import Path

import numpy as np

from benchmarks.stress.process import forget_peak, status
from benchmarks.stress.verdict import of_error


def random_of(seed: int, kind: str, index: int) -> np.random.Generator:
    """What decides everything about an input, the same in every run."""
    return np.random.default_rng([seed, zlib.crc32(kind.encode()), index])


def input_folder(folder: Path, index: int) -> Path:
    """Where an input and what it makes lie."""
    return folder / f"{index:06d}"


def main() -> None:
    """Runs inputs until there are no more lines."""
    name, kind, seed, where = sys.argv[1:]
    # Libraries print to the standard output too: the answers go through a copy that only this function has.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**content: object) -> None:
        print(json.dumps(content), file=answers, flush=True)

    module, _, attribute = name.partition(":")
    folder = Path(where)
    shared = folder / "shared"
    shared.mkdir(parents=True)
    trial = getattr(importlib.import_module(module), attribute)(shared)
    try:
        answer(watched=trial.watched)
        for line in sys.stdin:
            index = int(line)
            own = input_folder(folder, index)
            own.mkdir()
            forget_peak(trial.watched)
            resting = status(trial.watched, "VmRSS")
            answer(resting=resting)
            try:
                verdict = trial.run(random_of(int(seed), kind, index), own)
            except Exception as error:
                verdict = of_error(error)
            memory = max(0, status(trial.watched, "VmHWM") - resting)
            if not verdict.failed:
                shutil.rmtree(own, ignore_errors=True)
            answer(outcome=verdict.outcome, detail=verdict.detail, memory=memory, watched=trial.watched)
    finally:
        trial.close()


if __name__ == "__main__":
    main()
