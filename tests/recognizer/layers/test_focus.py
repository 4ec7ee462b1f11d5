"""STF-Net's MCF and TDF against slow literal transcriptions of their equations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pose.layouts import KINETICS_18, NTU_25
from recognizer.layers.focus import MultiGrainFocus, TemporalFocus, grain_maps
from tests.recognizer.modules import with_history


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def double(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


# MCF


def test_grains_are_joints_fine_and_coarse_parts():
    assert [grain.shape for grain in grain_maps(NTU_25, 3)] == [(25, 25), (25, 10), (25, 5)]
    assert [grain.shape for grain in grain_maps(NTU_25, 2)] == [(25, 25), (25, 10)]
    assert [grain.shape for grain in grain_maps(KINETICS_18, 3)] == [(18, 18), (18, 5)]
    joints, coarse = grain_maps(KINETICS_18, 2)
    np.testing.assert_array_equal(joints, np.eye(18))
    for column, part in enumerate(dict(KINETICS_18.parts)["coarse"]):
        wanted = [1 / len(part) if joint in part else 0 for joint in range(18)]
        np.testing.assert_allclose(coarse[:, column], wanted)


def focus_by_the_paper(
    module: MultiGrainFocus, parts: list[list[tuple[int, ...]]], x: Tensor, scale: float = 1.0
):
    """Equations 4 to 7, joint by joint and part by part."""

    def pointwise(conv: nn.Conv2d, values: Tensor) -> Tensor:
        mixed = torch.einsum("oc,nctv->notv", conv.weight[:, :, 0, 0], values)
        return mixed if conv.bias is None else mixed + conv.bias[:, None, None]

    reduced = pointwise(module.reduce, x)
    gamma, phi, theta = (pointwise(conv, reduced) for conv in (module.query, module.key, module.value))
    n, _, _, joints = x.shape
    fused = torch.zeros_like(reduced)
    relations = []
    for weight, grain in zip(module.grain_weights, parts, strict=True):
        keys = [sum(phi[..., joint] for joint in part) / len(part) for part in grain]
        values = [sum(theta[..., joint] for joint in part) / len(part) for part in grain]
        relation = torch.zeros(n, joints, len(grain), dtype=x.dtype)
        for item in range(n):
            for v in range(joints):
                powers = [torch.exp(scale * (gamma[item, :, :, v] * key[item]).sum()) for key in keys]
                for p in range(len(grain)):
                    relation[item, v, p] = powers[p] / sum(powers)
                gathered = sum(relation[item, v, p] * values[p][item] for p in range(len(grain)))
                fused[item, :, :, v] += weight * gathered
        relations.append(relation)
    return x + module.norm(pointwise(module.recover, fused)), relations


@pytest.mark.parametrize("grains,scaled", [(1, False), (2, False), (3, False), (3, True)])
def test_mcf_is_equations_4_to_7(grains, scaled):
    module = MultiGrainFocus(8, grain_maps(NTU_25, grains), scaled)
    nn.init.uniform_(module.grain_weights, 0.2, 1.0)
    with_history(module).double()
    x = double(2, 8, 4, 25)
    parts = [[(joint,) for joint in range(25)], *(list(p) for _, p in NTU_25.parts)][:grains]
    with torch.no_grad():
        y, relations = module(x)
        # Embeddings have 8 / 4 channels, and there are 4 frames.
        wanted, wanted_relations = focus_by_the_paper(module, parts, x, 1 / (2 * 4) if scaled else 1)
    torch.testing.assert_close(y, wanted)
    for relation, by_hand in zip(relations, wanted_relations, strict=True):
        torch.testing.assert_close(relation, by_hand)
        torch.testing.assert_close(relation.sum(2), torch.ones(2, 25, dtype=torch.float64))
        assert (relation >= 0).all()


def test_mcf_adds_nothing_at_first_and_learns_to():
    module = MultiGrainFocus(8, grain_maps(NTU_25, 3))
    x, wanted = torch.randn(2, 2, 8, 4, 25)
    torch.testing.assert_close(module(x)[0], x, rtol=0, atol=0)
    optimizer = torch.optim.SGD(module.parameters(), 0.1)
    for _ in range(2):  # the scale learns in the first step, what it scales from the second on
        module.zero_grad()
        F.mse_loss(module(x)[0], wanted).backward()
        optimizer.step()
    assert module.query.weight.grad.abs().max() > 0
    assert (module(x)[0] - x).abs().max() > 1e-4


# TDF


@pytest.mark.parametrize("motion", [True, False])
@pytest.mark.parametrize("kernel", [3, 5])
def test_tdf_is_equations_8_and_9(kernel, motion):
    module = with_history(TemporalFocus(8, kernel, motion)).double()
    x = double(2, 8, 6, 5)
    with torch.no_grad():
        y, gate = module(x)
    conv, norm = module.squeeze[0], module.squeeze[1]
    for n in range(2):
        pooled = [[x[n, c, t].mean().item() for t in range(6)] for c in range(8)]
        if motion:
            pooled = [[after - now for now, after in zip(c, c[1:] + c[-1:], strict=True)] for c in pooled]
        squeezed = []
        for group in range(2):  # C / 4 groups, each from four channels to one
            row = []
            for t in range(6):
                total = conv.bias[group].item()
                for tap in range(kernel):
                    source = t + tap - kernel // 2
                    if 0 <= source < 6:
                        for c in range(4):
                            total += conv.weight[group, c, tap].item() * pooled[4 * group + c][source]
                scale = norm.weight[group].item() / (norm.running_var[group].item() + norm.eps) ** 0.5
                total = (total - norm.running_mean[group].item()) * scale + norm.bias[group].item()
                row.append(max(0.0, total))
            squeezed.append(row)
        for c in range(8):
            for t in range(6):
                total = module.excite.bias[c].item()
                for tap in range(kernel):
                    source = t + tap - kernel // 2
                    if 0 <= source < 6:
                        total += module.excite.weight[c, 0, tap].item() * squeezed[c // 4][source]
                wanted = 1 / (1 + np.exp(-total))
                assert gate[n, c, t].item() == pytest.approx(wanted)
                torch.testing.assert_close(y[n, c, t], x[n, c, t] + wanted * x[n, c, t])


def test_a_still_body_has_no_motion_to_focus_on():
    module = with_history(TemporalFocus(8, 3, motion=True)).double()
    x = double(1, 8, 1, 5).repeat(1, 1, 6, 1)
    _, gate = module(x)
    torch.testing.assert_close(gate, module(torch.zeros_like(x))[1])
