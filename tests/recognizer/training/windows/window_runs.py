"""Small trainings on windows, for the tests of their parts."""

from __future__ import annotations

from recognizer.training.windows.config import TrainingConfig
from recognizer.vocabulary import Vocabulary

SMALL = Vocabulary(
    "small", {"utd_mhad": {"wave": "wave", "stand": "idle"}, "real_landmarks": {"other": "unknown"}}
)


def config(**changes) -> TrainingConfig:
    values = dict(
        name="kinetics-18-lsta-small", vocabulary="small", layout="kinetics-18", frames=16, steps=4,
        batch_size=4, network={"name": "lsta", "width": 0.1, "scales": 2, "dropout": 0.3},
        validate_every=2, learning_rate=0.01,
    )  # fmt: skip
    return TrainingConfig.model_validate({**values, **changes})
