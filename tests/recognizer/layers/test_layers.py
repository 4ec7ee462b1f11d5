"""Layers that networks share, against slow literal transcriptions of MS-G3D's definitions."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recognizer import graph
from recognizer.layers.adaptive import AdaptiveGraphConv
from recognizer.layers.g3d import SpaceTimeWindow, temporal_windows
from recognizer.layers.pointwise import PointwiseConv
from recognizer.layers.temporal import MultiScaleTemporalConv

# A body of five joints: 1 - 0 - 2 - 3, 2 - 4.
STAR = np.zeros((5, 5), np.float32)
for i, j in ((0, 1), (0, 2), (2, 3), (2, 4)):
    STAR[i, j] = STAR[j, i] = 1


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def with_history(module: nn.Module) -> nn.Module:
    """Evaluation mode in float64, after norms have statistics and weights other than 0 and 1."""
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.3)
            part.running_var.uniform_(0.5, 2.0)
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.normal_(part.bias, 0, 0.3)
        elif isinstance(part, AdaptiveGraphConv):
            nn.init.normal_(part.learned, 0, 0.1)
    return module.double().eval()


# Graph convolution


def test_adaptive_graph_convolution_is_the_sum_over_scales():
    adjacency = graph.disentangled_scales(STAR, 3)
    layer = with_history(AdaptiveGraphConv(adjacency, 2, 4))
    x = torch.randn(2, 2, 6, 5, dtype=torch.float64)
    total = layer.conv.bias[None, :, None, None].repeat(2, 1, 6, 5)
    learned = layer.learned.view(3, 5, 5)
    for k in range(3):
        weight = layer.conv.weight[:, 2 * k : 2 * k + 2, 0, 0]
        for v in range(5):
            gathered = sum((float(adjacency[k, v, u]) + learned[k, v, u]) * x[..., u] for u in range(5))
            total[..., v] = total[..., v] + torch.einsum("oc,nct->not", weight, gathered)
    torch.testing.assert_close(layer(x), F.relu(layer.norm(total)))


def test_the_learned_graph_starts_faint_or_as_told():
    adjacency = graph.disentangled_scales(STAR, 3)
    faint = AdaptiveGraphConv(adjacency, 2, 4).learned
    assert faint.shape == (15, 5)
    assert 0 < faint.abs().max() <= 1e-6
    told = AdaptiveGraphConv(adjacency, 2, 4, learned=adjacency)
    torch.testing.assert_close(told.learned.detach(), told.adjacency, rtol=0, atol=0)
    with torch.no_grad():
        told.learned.add_(1)  # the fixed graph is not the learned one
    assert float(told.adjacency.max()) <= 1


# Pointwise convolution


@pytest.mark.parametrize("stride", [1, 2])
def test_pointwise_convolution_and_its_gradients(stride):
    layer = PointwiseConv(6, 12, stride, bias=True).double()
    plain = nn.Conv2d(6, 12, 1, (stride, 1)).double()
    plain.load_state_dict(layer.state_dict())
    # Contiguous for PyTorch's own convolution, which is not safe with a stride and the channels last.
    x = torch.randn(2, 6, 7, 5, dtype=torch.float64, requires_grad=True)
    last = x.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    y, wanted = layer(last), plain(x)
    torch.testing.assert_close(y, wanted)
    weight = torch.randn_like(y)
    (y * weight).sum().backward()
    (wanted * weight).sum().backward()
    torch.testing.assert_close(last.grad, x.grad)
    torch.testing.assert_close(layer.weight.grad, plain.weight.grad)
    torch.testing.assert_close(layer.bias.grad, plain.bias.grad)


# MS-TCN


def temporal_by_loop(module: MultiScaleTemporalConv, x: Tensor, stride: int, dilations: tuple[int, ...]):
    """Branches, tap by tap: 1x1, norm, ReLU, then dilated convolution, maximum of three, or nothing."""

    def pointwise(conv: nn.Conv2d, values: Tensor) -> Tensor:
        mixed = torch.einsum("oc,nctv->notv", conv.weight[:, :, 0, 0], values)
        return mixed + conv.bias[:, None, None]

    frames = x.shape[2]
    kept = range(0, frames, stride)
    outputs = []
    for dilation, branch in zip(dilations, module.branches, strict=False):
        reduced = F.relu(branch[1](pointwise(branch[0], x)))
        steps = []
        for t in kept:
            step = branch[3].bias[:, None]
            for tap in range(3):
                source = t + (tap - 1) * dilation
                if 0 <= source < frames:
                    weight = branch[3].weight[:, :, tap, 0]
                    step = step + torch.einsum("oc,ncv->nov", weight, reduced[:, :, source])
            steps.append(step)
        outputs.append(branch[4](torch.stack(steps, 2)))
    pooling, plain = module.branches[-2:]
    reduced = F.relu(pooling[1](pointwise(pooling[0], x)))
    steps = [reduced[:, :, max(0, t - 1) : t + 2].amax(2) for t in kept]
    outputs.append(pooling[4](torch.stack(steps, 2)))
    outputs.append(plain[1](pointwise(plain[0], x[:, :, list(kept)])))
    y = torch.cat(outputs, 1)
    if isinstance(module.residual, nn.Identity):
        return y + x
    return y + module.residual[1](pointwise(module.residual[0], x[:, :, list(kept)]))


@pytest.mark.parametrize("frames", [1, 7, 10])
@pytest.mark.parametrize(
    "widths,stride,dilations",
    [((12, 12), 1, (1, 2, 3, 4)), ((6, 12), 2, (1, 2)), ((8, 8), 2, (1, 2))],
    ids=str,
)
def test_ms_tcn_is_its_branches_side_by_side(widths, stride, dilations, frames):
    x = torch.randn(2, widths[0], frames, 3, dtype=torch.float64)
    module = with_history(MultiScaleTemporalConv(*widths, stride, dilations))
    wanted = temporal_by_loop(module, x, stride, dilations)
    torch.testing.assert_close(module(x), F.relu(wanted))
    plain = MultiScaleTemporalConv(*widths, stride, dilations, activate=False).double().eval()
    plain.load_state_dict(module.state_dict())
    torch.testing.assert_close(plain(x), wanted)


def test_channels_that_cannot_be_divided_among_the_branches_are_refused():
    with pytest.raises(ValueError, match="10 channels cannot be divided among 6 branches"):
        MultiScaleTemporalConv(10, 10)


# G3D


@pytest.mark.parametrize("frames", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("length", [1, 2, 7, 8])
def test_windows_are_centred_and_zero_beyond_the_ends(length, stride, frames):
    x = torch.randn(2, 3, length, 4)
    windows = temporal_windows(x, frames, stride)
    centres = range(0, length, stride)
    assert windows.shape == (2, 3, len(centres), frames * 4)
    for position, centre in enumerate(centres):
        for a in range(frames):
            source = centre + a - frames // 2
            wanted = x[:, :, source] if 0 <= source < length else torch.zeros(2, 3, 4)
            torch.testing.assert_close(windows[:, :, position, 4 * a : 4 * a + 4], wanted, rtol=0, atol=0)


def hops_in_window(frames: int) -> dict[tuple[int, int], int]:
    """Distances between nodes (frame, joint), numbered frame by frame, by breadth-first search."""
    nodes = [(a, i) for a in range(frames) for i in range(5)]
    hops = {}
    for start, _ in enumerate(nodes):
        hops[start, start] = 0
        edge, distance = [start], 0
        while edge:
            distance += 1
            reached = []
            for p in edge:
                for q, (_, joint) in enumerate(nodes):
                    near = joint == nodes[p][1] or STAR[joint, nodes[p][1]]
                    if near and (start, q) not in hops:
                        hops[start, q] = distance
                        reached.append(q)
            edge = reached
    return hops


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("frames,scales", [(3, 4), (5, 2)])
def test_g3d_convolves_every_window_as_one_graph_and_collapses_it(frames, scales, stride):
    module = with_history(SpaceTimeWindow(STAR, scales, frames, stride, 2, 3, 4))
    x = torch.randn(2, 2, 5, 5, dtype=torch.float64)
    size = frames * 5
    hops = hops_in_window(frames)
    graphs = torch.zeros(scales, size, size, dtype=torch.float64)
    for k in range(scales):
        for p in range(size):
            for q in range(size):
                graphs[k, p, q] = float(p == q or hops[p, q] == k)
        degree = graphs[k].sum(1)
        graphs[k] /= (degree[:, None] * degree[None, :]).sqrt()
    graphs = graphs + module.spatial.learned.view(scales, size, size)
    weights = module.spatial.conv.weight[:, :, 0, 0].view(3, scales, 2)
    hidden = []
    for centre in range(0, 5, stride):
        window = torch.zeros(2, 2, size, dtype=torch.float64)
        for a in range(frames):
            source = centre + a - frames // 2
            if 0 <= source < 5:
                window[:, :, 5 * a : 5 * a + 5] = x[:, :, source]
        total = sum(torch.einsum("pq,ncq,oc->nop", graphs[k], window, weights[:, k]) for k in range(scales))
        hidden.append(total + module.spatial.conv.bias[:, None])
    activated = F.relu(module.spatial.norm(torch.stack(hidden, 2)))
    collapsed = module.collapse.bias[:, None, None] + sum(
        torch.einsum(
            "oh,nhtv->notv", module.collapse.weight[:, :, 0, a, 0], activated[..., 5 * a : 5 * a + 5]
        )
        for a in range(frames)
    )
    torch.testing.assert_close(module(x), module.norm(collapsed), rtol=1e-6, atol=1e-6)
