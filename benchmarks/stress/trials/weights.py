"""Weights, fusions and checkpoints through what loads them, and a window through what was loaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.stress.inputs.weights import odd_checkpoint, odd_name, odd_weights
from benchmarks.stress.trials.trial import Trial
from benchmarks.stress.verdict import PROCESSED, Verdict, failed, of_error
from pose.errors import UserError
from pose.layouts import LAYOUTS
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.fusion import load_recognizer
from recognizer.networks.configs import DualHeadConfig, LSTAConfig, SEMConfig, SPAConfig, STFConfig
from recognizer.predictor import Recognizer, untrained_card
from recognizer.runtime import keeping
from recognizer.runtime.graph import GraphError
from recognizer.training.shared.checkpoints import checkpoint_to_resume

NETWORKS = (
    LSTAConfig(width=0.125),
    DualHeadConfig(width=0.125),
    STFConfig(width=0.125),
    SEMConfig(width=0.125),
    SPAConfig(width=0.125, space=16),
    SPAConfig("3+1d", width=0.125, space=16),
)


class Weights(Trial):
    """One file of weights, name or checkpoint an input; the networks are small and untrained."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # Making one takes half a minute, as the command says; the kind "graphs" is about them.
        keeping._make = _make_none
        keeping.log.disabled = True
        self._sound = []
        for number, network in enumerate(NETWORKS):
            card = untrained_card().model_copy(update={"name": f"sound-{number}", "network": network})
            self._sound.append(weights.save(weights.build_network(card), card, folder))
        state = dict(weights.load(self._sound[0])[0].state_dict())
        self._checkpoint = {
            "state_dict": state, "optimizer_states": [{"state": {}, "param_groups": []}], "lr_schedulers": [],
            "loops": {},
            "callbacks": {}, "global_step": 3, "epoch": 1,
        }  # fmt: skip
        for path in self._sound:
            _predict(Recognizer.load(path))

    def run(self, rng: np.random.Generator, folder: Path) -> Verdict:
        sound = self._sound[rng.integers(len(self._sound))]
        kind = rng.random()
        try:
            if kind < 0.2:
                marker = folder / "marker"
                odd_checkpoint(self._checkpoint, folder, marker, rng)
                return _resumed(folder, marker)
            if kind < 0.4:
                return _predict(load_recognizer(odd_name(sound, rng)))
            path = odd_weights(sound, folder, rng)
            weights.available(folder)
            return _predict(load_recognizer(path))
        except UserError as error:
            return of_error(error)


def _make_none(tensors: Path, out: Path, *manner: str) -> None:
    raise GraphError("graphs are not made here")


def _resumed(folder: Path, marker: Path) -> Verdict:
    """A checkpoint that is taken must have what a training goes on from."""
    try:
        _, content = checkpoint_to_resume(folder)
    finally:
        if marker.exists():
            return failed("a program in a checkpoint was run")  # noqa: B012 (whatever else was wrong)
    if not isinstance(content["state_dict"], dict):
        return failed(f"a checkpoint with the weights {content['state_dict']!r}")
    return PROCESSED


def _predict(recognizer: Recognizer) -> Verdict:
    """What loads must answer with probabilities."""
    layout = LAYOUTS[recognizer.card.layout]
    shape = (1, recognizer.frames, len(layout))
    rng = np.random.default_rng(0)
    joints = rng.normal(0, 50, (*shape, layout.coordinates)).astype(np.float32)
    times = np.linspace(0, recognizer.window_seconds, recognizer.frames)
    window = SkeletonSequence(joints, np.ones(shape, np.float32), times, layout)
    (answer,) = recognizer.predict([window])
    scores = answer.probabilities
    if not np.isfinite(scores).all() or abs(float(scores.sum()) - 1) > 1e-3 or scores.min() < 0:
        return failed(f"scores that are none: {scores[:8]} with the weights {recognizer.card.name[:100]!r}")
    if not 0 <= recognizer.threshold <= 1:
        return failed(f"a threshold of {recognizer.threshold:g}")
    return PROCESSED
