"""Training configurations through what reads them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.stress.inputs.configurations import configuration
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, of_error
from pose.errors import UserError
from recognizer.training.configs import load_config, shipped_configs


class Configurations(Trial):
    """One configuration an input."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._shipped = list(shipped_configs().values())

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        content, overrides = configuration(rng, self._shipped)
        path = folder / "config.yaml"
        path.write_bytes(content)
        (folder / "overrides.txt").write_text("\n".join(overrides), errors="replace")
        try:
            config = load_config(str(path), overrides)
        except UserError as error:
            return of_error(error)
        config.model_dump_json()  # as it is written into the run's folder
        for number in _numbers(config.model_dump()):
            if not math.isfinite(number) or abs(number) > 2**63:
                return failed(f"a configuration with {number} was taken")
        return PROCESSED


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _numbers(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _numbers(each)
    elif isinstance(value, (int, float)):
        yield value
