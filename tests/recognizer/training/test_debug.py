"""Learning one batch by heart, and the bar that tells how long it takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from recognizer.training.clips.config import ClipConfig
from recognizer.training.debug import overfit
from recognizer.training.shared.progress import remaining
from tests.recognizer.data.raw import prepared_ntu


def test_a_batch_of_clips_is_learned_by_heart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    data = prepared_ntu(tmp_path / "ntu", 12)
    monkeypatch.chdir(tmp_path)
    config = ClipConfig.model_validate(
        dict(
            dataset="ntu60", protocol="xview", frames=8, batch_size=8, learning_rate=0.05,
            preprocessing={"origin": "spine", "confidence": False},
            network={"name": "lsta", "width": 0.25, "scales": 2},
        )
    )  # fmt: skip
    loss, top1 = overfit(config, data, steps=40)
    assert top1 == 1 and loss < 0.5
    assert [path.name for path in tmp_path.iterdir()] == ["ntu"], "nothing is kept"
    told = capsys.readouterr()
    assert "lr=0.05" in told.out + told.err and "left=" in told.out + told.err


def test_time_left():
    assert remaining(60.0, done=30, left=90) == "0:03:00"
    assert remaining(3600.0, done=1, left=26) == "1 day, 2:00:00"
    assert remaining(5.0, done=5, left=0) == "0:00:00"
