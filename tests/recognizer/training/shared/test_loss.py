"""Cross-entropy where any of several classes may be right, by hand."""

from __future__ import annotations

import math

import pytest
import torch

from recognizer.training.shared.loss import any_of_loss


def test_loss_by_hand():
    # Probabilities 1/2, 1/4, 1/4 in every row.
    logits = torch.tensor([[math.log(2.0), 0.0, 0.0]] * 3)
    targets = torch.tensor([[True, False, False], [False, True, True], [False, False, True]])
    uniform = (math.log(2) + 2 * math.log(4)) / 3
    plain = [math.log(2), math.log(2), math.log(4)]
    assert float(any_of_loss(logits, targets, 0.0)) == pytest.approx(sum(plain) / 3)
    smoothed = [0.9 * each + 0.1 * uniform for each in plain]
    assert float(any_of_loss(logits, targets, 0.1)) == pytest.approx(sum(smoothed) / 3)
    half = logits.bfloat16()
    assert float(any_of_loss(half, targets, 0.1)) == float(any_of_loss(half.float(), targets, 0.1))
    assert float(any_of_loss(logits[:1], targets[:1], 0.0)) == pytest.approx(
        float(torch.nn.functional.cross_entropy(logits[:1], torch.tensor([0])))
    )


def test_loss_with_one_right_class_is_cross_entropy_with_label_smoothing():
    torch.manual_seed(0)
    logits, right = torch.randn(5, 7), torch.arange(5)
    wanted = torch.nn.functional.cross_entropy(logits, right, label_smoothing=0.1)
    targets = torch.nn.functional.one_hot(right, 7).bool()
    torch.testing.assert_close(any_of_loss(logits, targets, 0.1), wanted)


def test_loss_pulls_towards_any_right_class():
    logits = torch.zeros(1, 3, requires_grad=True)
    any_of_loss(logits, torch.tensor([[True, True, False]]), 0.0).backward()
    assert logits.grad.isfinite().all()
    assert logits.grad[0, 0] == logits.grad[0, 1] < 0 < logits.grad[0, 2]


def test_loss_of_certain_mistakes_stays_finite():
    logits = torch.tensor([[200.0, -200.0]], requires_grad=True)
    loss = any_of_loss(logits, torch.tensor([[False, True]]), 0.0)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(400)
    assert logits.grad.isfinite().all()
