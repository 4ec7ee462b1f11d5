"""Results on prepared data sets: the figures by hand, and whole evaluations."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pose.layouts import NTU_25
from pose.skeleton import SkeletonSequence
from recognizer import weights
from recognizer.card import WeightsCard, WeightsError
from recognizer.data.clip import DataError
from recognizer.data.prepared import TEST, PreparedClips
from recognizer.predictor import Recognizer
from recognizer.training.clips.config import ClipConfig
from recognizer.training.clips.evaluate import (
    FUSED,
    calibration_error,
    evaluate_clips,
    report,
    score_clips,
    wilson,
)
from recognizer.training.shared.errors import ConfigError
from tests.recognizer.data.raw import prepared_ntu

ROOT = Path(__file__).resolve().parents[4]


def test_figures_by_hand():
    scores = np.array([[0.6, 0.4, 0, 0, 0, 0], [0.1, 0.2, 0.3, 0.1, 0.1, 0.2], [0, 0.7, 0.3, 0, 0, 0],
                       [0.5, 0.1, 0.1, 0.1, 0.1, 0.1]])  # fmt: skip
    found = report(scores, np.array([0, 1, 2, 0]), "abcdef")
    assert (found.clips, found.top1, found.top5) == (4, 0.5, 1.0)
    assert found.per_class == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert found.confusion.sum() == 4
    assert (found.confusion[0, 0], found.confusion[1, 2], found.confusion[2, 1]) == (2, 1, 1)


def test_the_sixth_best_is_not_among_five():
    found = report(np.array([[0.5, 0.2, 0.12, 0.1, 0.05, 0.03]] * 2), np.array([4, 5]), "abcdef")
    assert (found.top1, found.top5) == (0, 0.5)


@pytest.mark.parametrize("right, total", [(0, 5), (5, 5), (417, 430), (1, 2)])
def test_the_interval_is_wilsons(right, total):
    # Where the share's distance is 1.96 standard deviations of what the limit itself would give.
    for limit in wilson(right, total):
        distance = abs(right / total - limit)
        assert distance == pytest.approx(1.959964 * np.sqrt(limit * (1 - limit) / total), abs=1e-6)


def test_calibration_error_by_hand():
    # Two bins: 0.9 and right in half of the cases, 0.5 and always right.
    scores = np.array([0.9, 0.9, 0.5, 0.5])
    assert calibration_error(scores, np.array([1, 0, 1, 1])) == pytest.approx((0.4 + 0.5) / 2)
    assert calibration_error(np.ones(3), np.ones(3)) == pytest.approx(0)


def config(**changes) -> ClipConfig:
    values = dict(
        dataset="ntu60", protocol="xview", frames=8, network={"name": "lsta", "width": 0.1, "scales": 2},
        preprocessing={"origin": "spine", "confidence": False},
    )  # fmt: skip
    return ClipConfig.model_validate({**values, **changes})


def saved(folder: Path, **changes) -> Path:
    """Weights that nobody trained."""
    options = config(**changes)
    clips_layout = "ntu-25"
    card = WeightsCard(
        name=options.name, network=options.network, layout=clips_layout, persons=options.persons,
        window_seconds=3.0, frames=options.frames, preprocessing=options.preprocessing,
        classes=tuple(f"action {number}" for number in range(60)), threshold=0.5, data="none",
        licence="none", training={"config": options.model_dump(mode="json")}, metrics={}, sha256="",
    )  # fmt: skip
    return weights.save(weights.build_network(card), card, folder)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepared_ntu(tmp_path_factory.mktemp("ntu"), 36)


def test_every_test_clip_is_scored_in_order(data: Path, tmp_path: Path):
    network, card = weights.load(saved(tmp_path))
    clips = PreparedClips(data)
    scores, labels = score_clips(network, clips, config())
    chosen = clips.part("xview", TEST)
    assert scores.shape == (len(chosen), 60) and len(chosen) == 12
    np.testing.assert_allclose(scores.sum(1), 1, atol=1e-5)
    np.testing.assert_array_equal(labels, clips.labels("action")[chosen])


def test_a_fusion_is_the_mean_of_all_scores(data: Path, tmp_path: Path):
    names = [saved(tmp_path, preprocessing={"streams": [stream], "origin": "spine", "confidence": False})
             for stream in ("joint", "bone")]  # fmt: skip
    found = evaluate_clips(names, data, fuse=True)
    assert list(found) == ["lsta-ntu60-xview-joint", "lsta-ntu60-xview-bone", FUSED]
    clips = PreparedClips(data)
    loaded = [weights.load(name) for name in names]
    options = [ClipConfig.model_validate(card.training["config"]) for _, card in loaded]
    scores = [score_clips(net, clips, each)[0] for (net, _), each in zip(loaded, options, strict=True)]
    labels = clips.labels("action")[clips.part("xview", TEST)]
    assert found[FUSED].top1 == pytest.approx(np.mean(np.mean(scores, 0).argmax(1) == labels))


def test_what_cannot_be_evaluated_together_is_told(data: Path, tmp_path: Path):
    one, other = saved(tmp_path), saved(tmp_path, protocol="xsub")
    with pytest.raises(ConfigError, match="about ntu60/xsub/action, and not about ntu60/xview/action"):
        evaluate_clips([one, other], data)
    with pytest.raises(ConfigError, match="Two of the weights are called lsta-ntu60-xview-joint"):
        evaluate_clips([one, one], data)
    with pytest.raises(ConfigError, match="holds ntu60, and .* is about ntu120"):
        evaluate_clips([saved(tmp_path, dataset="ntu120")], data)
    card = Recognizer.untrained().card
    live = weights.save(weights.build_network(card), card, tmp_path)
    with pytest.raises(ConfigError, match="untrained was not trained on a prepared data set"):
        evaluate_clips([live], data)


def test_a_card_that_contradicts_its_training_or_the_data_is_told(data: Path, tmp_path: Path):
    path = saved(tmp_path)
    whole = json.loads(path.with_suffix(".json").read_text())

    def complaint(**changes) -> str:
        training = {"config": {**whole["training"]["config"], **changes}}
        path.with_suffix(".json").write_text(json.dumps({**whole, "training": training}))
        with pytest.raises((ConfigError, DataError)) as error:
            evaluate_clips([path], data)
        return str(error.value)

    for changes in ({"frames": 9}, {"persons": 1}, {"preprocessing": {"origin": "spine"}}):
        assert "contradicts itself" in complaint(**changes)
    assert "other classes than lsta-ntu60-xview-joint" in complaint(task="dancing")
    assert "protocol" in complaint(protocol="xmas")


def test_weights_that_give_no_numbers_are_told(data: Path, tmp_path: Path):
    path = saved(tmp_path)
    network, card = weights.load(path)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(3e38)  # each of them is a number
    weights.save(network, card, tmp_path)
    with pytest.raises(WeightsError, match="give no numbers: train them again"):
        evaluate_clips([path], data)
    window = SkeletonSequence(np.ones((1, 8, 25, 3)), np.ones((1, 8, 25)), np.linspace(0, 3, 8), NTU_25)
    with pytest.raises(WeightsError, match="give no numbers: train them again"):
        Recognizer.load(path, device="cpu").predict([window])


def evaluated(*arguments) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "app", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_the_command_prints_and_writes_what_it_found(data: Path, tmp_path: Path):
    path = saved(tmp_path)
    out, page = tmp_path / "found.json", tmp_path / "confusion.html"
    done = evaluated(path, "--data", data, "--fuse", "--json", out, "--confusion", page, "--card")
    assert done.returncode == 0, done.stderr
    found = json.loads(out.read_text())
    assert (found["dataset"], found["protocol"]) == ("ntu60", "xview")
    result = found["results"]["lsta-ntu60-xview-joint"]
    assert result["clips"] == 12 and np.sum(result["confusion"]) == 12
    assert re.search(rf"\| LSTA-Net \| joint \| {100 * result['top1']:.1f} \(", done.stdout)
    assert "all fused" in done.stdout
    assert "plotly" in page.read_text().lower()
    assert weights.read_card(path)[1].metrics["top1"] == result["top1"]


@pytest.mark.parametrize(
    "option, said", [("--frame-rates", "live vocabulary"), ("--part=val", "live vocabulary")]
)
def test_options_of_the_other_kind_are_told(data: Path, tmp_path: Path, option, said):
    done = evaluated(saved(tmp_path), "--data", data, option)
    assert done.returncode == 1 and said in done.stderr and "Traceback" not in done.stderr
