"""Learning from other networks: their mean by hand, what a run minimises, and who cannot teach."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from pose.layouts import LAYOUTS
from recognizer import weights
from recognizer.card import WeightsError, draft
from recognizer.networks.build import build
from recognizer.preprocess import channels
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.loss import any_of_loss, distillation_loss
from recognizer.training.windows.config import TrainingConfig
from recognizer.training.windows.module import RecognitionModule
from recognizer.training.windows.teachers import load_teachers, taught_probabilities
from recognizer.vocabulary import VOCABULARIES

LABELS = VOCABULARIES["daily"].labels


def config(**changes) -> TrainingConfig:
    values = dict(
        name="small", vocabulary="daily", layout="kinetics-18", frames=16,
        network={"name": "lsta", "width": 0.1, "scales": 2},
    )  # fmt: skip
    return TrainingConfig.model_validate({**values, **changes})


@pytest.fixture
def teacher(tmp_path: Path):
    """Writes untrained weights that see the windows of ``config``, but for what is changed."""

    def write(name: str, labels: tuple[str, ...] = LABELS, open_set: bool = True, **changes) -> str:
        settings = config(**changes)
        torch.manual_seed(len(name))
        layout, outputs = LAYOUTS[settings.layout], len(labels) + open_set
        network = build(settings.network, layout, outputs, channels(layout, settings.preprocessing))
        card = draft(
            name=name, network=settings.network, layout=settings.layout,
            window_seconds=settings.window_seconds,
            frames=settings.frames, preprocessing=settings.preprocessing, classes=labels, open_set=open_set,
            threshold=0.5, data="none", licence="none", training={}, metrics={},
        )  # fmt: skip
        return str(weights.save(network, card, tmp_path))

    return write


def test_the_divergence_is_that_of_the_definition():
    logits = torch.tensor([[0.0, math.log(3)], [0.0, 0.0]])  # probabilities 1/4, 3/4 and 1/2, 1/2
    taught = torch.tensor([[0.5, 0.5], [1.0, 0.0]])
    first = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    assert float(distillation_loss(logits, taught)) == pytest.approx((first + math.log(2)) / 2, abs=1e-6)
    assert float(distillation_loss(logits, logits.softmax(1))) == pytest.approx(0, abs=1e-6)
    assert distillation_loss(logits.bfloat16(), taught).dtype == torch.float32


def test_teachers_answer_as_a_fusion_does_and_learn_nothing(teacher):
    first, second = teacher("one"), teacher("second", network={"name": "lsta", "width": 0.25, "scales": 2})
    networks = load_teachers(config(teachers=(first, second)), LABELS)
    windows = torch.randn(3, 3, 16, 18, 1)
    alone = [weights.load(path)[0].eval()(windows).softmax(1) for path in (first, second)]
    answers = taught_probabilities(networks, windows)
    torch.testing.assert_close(answers, (alone[0] + alone[1]) / 2)
    assert not answers.requires_grad
    assert not any(p.requires_grad for network in networks for p in network.parameters())


def test_the_loss_is_the_labels_and_the_teachers_by_their_shares(teacher, monkeypatch):
    path = teacher("one")
    windows, targets = torch.randn(4, 3, 16, 18, 1), torch.zeros(4, len(LABELS) + 1, dtype=torch.bool)
    targets[range(4), range(4)] = True
    for share in (0.0, 0.25, 1.0):
        settings = config(teachers=(path,), taught=share, network={"name": "dualhead", "width": 0.125})
        network = build(settings.network, LAYOUTS["kinetics-18"], len(LABELS) + 1, 3).eval()
        teachers = load_teachers(settings, LABELS)
        module = RecognitionModule(network, settings, teachers)
        monkeypatch.setattr(module, "log_dict", lambda *_, **__: None)
        heads, _ = network.supervised(windows)
        assert len(heads) > 1
        labels = sum(any_of_loss(head, targets, 0.05) for head in heads) / len(heads)
        taught = taught_probabilities(teachers, windows)
        apart = sum(distillation_loss(head, taught) for head in heads) / len(heads)
        loss = module.training_step((windows, targets), 0)
        torch.testing.assert_close(loss, (1 - share) * labels + share * apart)
        assert not [name for name in module.state_dict() if "teach" in name], "checkpoints hold no teachers"


def test_who_sees_or_knows_something_else_cannot_teach(teacher):
    others = {
        "labels": teacher("fewer", LABELS[1:]),
        "layout": teacher("deep", layout="ntu-25"),
        "windows": teacher("longer", frames=24),
        "preprocessing": teacher("bones", preprocessing={"streams": ["bone"]}),
    }
    for what, path in others.items():
        with pytest.raises(ConfigError, match=f"cannot teach: its {what} are other ones"):
            load_teachers(config(teachers=(path,)), LABELS)
    with pytest.raises(ConfigError, match="its labels are"):
        load_teachers(config(teachers=(teacher("closed", open_set=False),)), LABELS)
    with pytest.raises(WeightsError, match="There are no weights 'nobody'"):
        load_teachers(config(teachers=("nobody",)), LABELS)
