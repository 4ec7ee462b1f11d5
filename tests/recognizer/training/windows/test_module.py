"""What a run minimises, how it is judged, and its schedule."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pose.layouts import KINETICS_18
from recognizer.networks.build import build
from recognizer.training.shared.loss import any_of_loss
from recognizer.training.windows.dataset import RandomWindows
from recognizer.training.windows.module import RecognitionModule
from tests.recognizer.training.windows.window_runs import SMALL, config


def test_both_heads_of_dualhead_learn(examples):
    settings = config(network={"name": "dualhead", "width": 0.125})
    batch = RandomWindows(examples, SMALL.labels, settings).batch(0)
    network = build(settings.network, KINETICS_18, 3, batch[0].shape[1])
    module = RecognitionModule(network, settings)
    loss = module.training_step(batch, 0)
    heads = network.forward_heads(batch[0])
    wanted = sum(any_of_loss(head, batch[1], settings.label_smoothing) for head in heads) / 2
    torch.testing.assert_close(loss, wanted)
    loss.backward()
    assert network.fine_classifier.weight.grad.any() and network.coarse_classifier.weight.grad.any()


def test_validation_by_hand(monkeypatch: pytest.MonkeyPatch):
    """Clips of one window whose logits are the windows themselves: three of the lab, one of a real camera."""
    module, logged = RecognitionModule(torch.nn.Identity(), config()), {}
    monkeypatch.setattr(module, "log", lambda name, value, **_: logged.update({name: value}))
    for first, targets, real in (
        (0.9, (0,), False),
        (0.4, (0,), False),
        (0.4, (1,), False),
        (0.3, (0,), True),
    ):
        module.validation_step((torch.tensor([[first, 1 - first]]).log(), targets, real), 0)
    module.on_validation_epoch_end()
    lab, real = (0.9 + 0.4 + 0.6) / 3, 0.3
    assert logged == pytest.approx({"top1_lab": 2 / 3, "top1_real": 0.0, "val": (lab + real) / 2})


def test_learning_rate_warms_up_and_falls_to_zero():
    module = RecognitionModule(torch.nn.Linear(2, 2), config(steps=100, learning_rate=1.0))
    parts = module.configure_optimizers()
    rates = []
    for _ in range(100):
        rates.append(parts["optimizer"].param_groups[0]["lr"])
        parts["optimizer"].step()
        parts["lr_scheduler"]["scheduler"].step()
    np.testing.assert_allclose(rates[:5], [0.2, 0.4, 0.6, 0.8, 1.0])
    assert (np.diff(rates[5:]) <= 0).all()
    assert rates[52] == pytest.approx(0.5, abs=0.02)
    assert rates[-1] < 0.001


def test_only_matrices_decay_and_sgd_is_the_papers():
    module = RecognitionModule(torch.nn.Linear(2, 2), config(weight_decay=5e-4))
    optimizer = module.configure_optimizers()["optimizer"]
    assert isinstance(optimizer, torch.optim.SGD)
    assert [
        (len(g["params"]), g["weight_decay"], g["momentum"], g["nesterov"]) for g in optimizer.param_groups
    ] == [
        (1, 5e-4, 0.9, True),
        (1, 0.0, 0.9, True),
    ]
