"""A small training on whole clips, for the tests of its parts."""

from __future__ import annotations

from recognizer.training.clips.config import ClipConfig


def config(**changes) -> ClipConfig:
    values = dict(
        dataset="ntu60", protocol="xview", frames=8, persons=2, batch_size=8,
        preprocessing={"origin": "spine", "confidence": False},
        network={"name": "lsta", "width": 0.1, "scales": 2, "dropout": 0.3}, epochs=2, learning_rate=0.02,
    )  # fmt: skip
    return ClipConfig.model_validate({**values, **changes})
