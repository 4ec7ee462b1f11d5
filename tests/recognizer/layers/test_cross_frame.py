"""SEM-Net's attention against a slow literal transcription of its equations."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from recognizer.layers.cross_frame import CrossFrameAttention
from tests.recognizer.modules import with_history


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def attention_by_loop(module: CrossFrameAttention, x: Tensor) -> Tensor:
    """Equations 2 to 7 joint by joint, then concatenation and the linear layer."""
    n, frames, joints, _ = x.shape
    width = module.embedding
    result = torch.zeros(n, frames, joints, module.out.out_features, dtype=x.dtype)
    for item in range(n):
        heads = []
        for head in range(module.heads):
            rows = slice(head * width, (head + 1) * width)
            f1 = x[item] @ module.query.weight[rows].T + module.query.bias[rows]
            f2 = x[item] @ module.key.weight[rows].T
            beta = 1.0 if module.regularisation is None else float(module.balance[head])
            shared = torch.zeros(joints, joints)
            if module.regularisation is not None:
                shared = module.regularisation[head]
            output = torch.zeros_like(x[item])
            for t in range(frames):
                for n1 in range(joints):
                    alpha, values = [], []
                    for t2 in range(frames) if module.kind == "unified" else [t]:
                        for n2 in range(joints):
                            if module.kind == "cross-frame":  # Eq. 6
                                alike = sum(
                                    float(f1[a, n1] @ f2[b, n2]) for a in range(frames) for b in range(frames)
                                )
                                alike /= frames**2  # beta is learned per T^2
                            else:  # Eq. 3 and 5
                                alike = float(f1[t, n1] @ f2[t2, n2])
                            alpha.append(beta * alike + float(shared[n1, n2]))  # Eq. 7
                            values.append(x[item, t2, n2])
                    weights = torch.softmax(torch.tensor(alpha, dtype=x.dtype) / math.sqrt(width), 0)
                    output[t, n1] = sum(w * value for w, value in zip(weights, values, strict=True))  # Eq. 4
            heads.append(output)
        result[item] = torch.cat(heads, -1) @ module.out.weight.T + module.out.bias
    return result


@pytest.mark.parametrize("regularised", [True, False])
@pytest.mark.parametrize("kind", ["unified", "single-frame", "cross-frame"])
def test_attention_is_the_loop_of_equations_2_to_7(kind, regularised):
    module = with_history(CrossFrameAttention(3, 8, 4, kind=kind, heads=2, regularised=regularised))
    x = 3 * torch.randn(2, 3, 4, 3)
    with torch.no_grad():
        y, attention = module(x)
        torch.testing.assert_close(y, attention_by_loop(module, x), rtol=1e-4, atol=1e-5)
    frames, length = {"unified": (1, 12), "single-frame": (3, 4), "cross-frame": (1, 4)}[kind]
    assert attention.shape == (2, frames, 2, length, length)
    assert not torch.allclose(attention, torch.full_like(attention, 1 / length), atol=0.05)


def test_cross_frame_attention_knows_other_frames_and_takes_values_from_its_own():
    module = CrossFrameAttention(3, 8, 4, heads=2).eval()
    x = 3 * torch.randn(1, 5, 4, 3)
    changed = x.clone()
    changed[0, 4] += 3.0
    with torch.no_grad():
        (y, before), (z, after) = module(x), module(changed)
    assert (before - after).abs().max() > 1e-3
    assert (y[0, :4] - z[0, :4]).abs().max() > 1e-4  # other weights, though their own values are the same
    alone = CrossFrameAttention(3, 8, 4, kind="single-frame", heads=2).eval()
    with torch.no_grad():
        torch.testing.assert_close(alone(x)[0][0, :4], alone(changed)[0][0, :4])
