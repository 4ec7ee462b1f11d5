"""LSTA-Net against its published size and slow literal transcriptions of its equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from recognizer import graph
from recognizer.layers.spatial import MultiScaleGraphConv
from recognizer.networks.lsta import LSTAConfig, LSTANet, MaximumResponseAttention, TemporalPyramid
from tests.recognizer.modules import count, with_history

SMALL = LSTAConfig(width=0.25)
"""Channels 18, 36, 72: quick enough to run often."""


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


# Size and configurations


def test_parameter_count_is_the_published_one():
    size = count(LSTANet(NTU_25, 60))
    assert size == 1_035_711
    assert round(size / 1e6, 2) == 1.04  # of one stream; three streams are the published 3.1 M
    assert round(3 * size / 1e6, 1) == 3.1


@pytest.mark.parametrize(
    "choices",
    [
        {"spatial": "gcn"},
        {"spatial": "ms-gcn"},
        {"spatial": "msda"},
        {"temporal": "ms-tcn", "scales": 2},
        {"mask": True},
        {"scales": 1},
        {"scales": 4},
        {"scales": 12},
        {"fragments": 4},
        {"fragments": 8},
        {"attention": False},
        {"attention_pool": "average"},
        {"attention_kernel": 3},
        {"attention_kernel": 9},
        {"attention_dilations": 1},
        {"attention_dilations": 4},
        {"width": 0.5},
        {"dropout": 0.5},
    ],
    ids=str,
)
def test_every_ablation_builds_and_runs(choices):
    config = replace(SMALL, **choices) if "width" not in choices else LSTAConfig(**choices)
    network = LSTANet(NTU_25, 7, config=config)
    logits = network(torch.randn(2, 3, 12, 25, 2))
    assert logits.shape == (2, 7)
    assert logits.isfinite().all()


def test_ablations_change_what_the_paper_says_they_change():
    size = count(LSTANet(NTU_25, 60))
    # Three blocks of three ATPA, each with three kernels of 5.
    assert size - count(LSTANet(NTU_25, 60, config=LSTAConfig(attention=False))) == 9 * 3 * 5
    # Both embed with C x C weights. In MS-TCN 4 instead of 6 fragments are convolved, there is no MAM, all
    # convolutions have biases, and one branch of six has one batch norm less.
    ms_tcn = count(LSTANet(NTU_25, 60, config=LSTAConfig(temporal="ms-tcn")))
    convolved = sum(3 * 2 * 3 * (channels // 6) ** 2 for channels in (72, 144, 288))
    biases = 3 * (72 + 144 + 288) * 10 // 6 + 144 + 288
    norms = 3 * (72 + 144 + 288) * 2 // 6
    assert ms_tcn == size - 9 * 3 * 5 - convolved + biases - norms == 983_592
    # Dropping 4 scales drops 4 of 8 inputs of every MSDA's 1x1 convolution.
    without = 4 * (3 * 72 + 72 * 144 + 144 * 288)
    assert size - count(LSTANet(NTU_25, 60, config=LSTAConfig(scales=4))) == without
    # A mask of every scale of every MSDA, and biases of their convolutions.
    masked = count(LSTANet(NTU_25, 60, config=LSTAConfig(mask=True)))
    assert masked - size == 3 * 8 * 25 * 25 + 72 + 144 + 288
    for spatial in ("gcn", "ms-gcn"):
        assert count(LSTANet(NTU_25, 60, config=LSTAConfig(spatial=spatial))) == size


def test_channels():
    assert LSTAConfig().channels == (72, 144, 288)
    assert LSTAConfig(width=0.5).channels == (36, 72, 144)
    assert all(c % 8 == 0 and c > 0 for c in LSTAConfig(width=0.01, fragments=8).channels)


@pytest.mark.parametrize("frames", [1, 5, 13, 32])
@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18, SHREC_22], ids=lambda layout: layout.name)
def test_any_layout_and_any_number_of_frames(layout, frames):
    network = LSTANet(layout, 5, layout.coordinates + 1, persons=1, config=SMALL)
    x = torch.randn(2, layout.coordinates + 1, frames, len(layout), 1)
    logits, _, attention = network.forward_in_full(x)
    assert logits.shape == (2, 5)
    halved_twice = ((frames + 1) // 2 + 1) // 2
    assert attention.responses.shape == (2, 1, halved_twice, len(layout))


# MSDA


def test_msda_is_the_sum_over_scales_of_equation_3():
    adjacency = graph.decentralised_scales(graph.adjacency(KINETICS_18), 4)
    layer = with_history(MultiScaleGraphConv(adjacency, 3, 5))
    x = torch.randn(2, 3, 6, 18)
    weights = layer.conv.weight[:, :, 0, 0]  # (out, scales * in), scale by scale
    total = torch.zeros(2, 5, 6, 18)
    for k in range(4):
        for v in range(18):
            # A_k X: the neighbours of joint v, weighted.
            gathered = sum(float(adjacency[k, v, u]) * x[..., u] for u in range(18))
            total[..., v] += torch.einsum("oc,nct->not", weights[:, 3 * k : 3 * k + 3], gathered)
    wanted = F.relu(layer.norm(total))
    torch.testing.assert_close(layer(x), wanted, rtol=1e-4, atol=1e-5)


def test_the_mask_is_added_to_the_adjacency():
    plain = with_history(LSTANet(KINETICS_18, 5, config=SMALL)).double()
    masked = LSTANet(KINETICS_18, 5, config=replace(SMALL, mask=True)).double().eval()
    kept = masked.load_state_dict(plain.state_dict(), strict=False)
    assert not kept.unexpected_keys and {name.rsplit(".", 1)[1] for name in kept.missing_keys} == {
        "learned",
        "bias",
    }
    for block in masked.blocks:
        torch.nn.init.zeros_(block[0].conv.bias)
        torch.nn.init.zeros_(block[0].learned)
    x = torch.randn(2, 3, 8, 18, 2, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(masked(x), plain(x))
        for block, other in zip(masked.blocks, plain.blocks, strict=True):
            mask = torch.rand_like(block[0].learned)
            block[0].learned.copy_(mask)
            # A mask goes scale by scale, the adjacency without one joint by joint.
            other[0].adjacency += mask.view(8, 18, 18).transpose(0, 1).reshape(-1, 18)
        torch.testing.assert_close(masked(x), plain(x))


# TPA


def temporal_pyramid_by_loop(module: TemporalPyramid, x: Tensor) -> Tensor:
    """Equations 4 and 5, frame by frame, then norm, attention and residual."""
    fragments = len(module.convs)
    embedded = module.embed(x)
    n, channels, frames, joints = embedded.shape
    width = channels // fragments
    outputs: list[Tensor] = []
    for s in range(1, fragments + 1):
        inputs = embedded[:, (s - 1) * width : s * width]
        if s > 1:
            inputs = inputs + outputs[-1]
        kernel = module.convs[s - 1].weight[:, :, :, 0]  # (width, width, 3)
        output = torch.zeros(n, width, frames, joints)
        for t in range(frames):
            for tap in range(3):
                source = t + (tap - 1) * s  # dilation s
                if 0 <= source < frames:
                    output[:, :, t] += torch.einsum("oc,ncv->nov", kernel[:, :, tap], inputs[:, :, source])
        outputs.append(output)
    kept = torch.arange(0, frames, module.stride)
    y = module.norm(torch.cat(outputs, 1)[:, :, kept])
    if module.attention is not None:
        y = y * module.attention(y)
    residual = (
        x
        if module.stride == 1
        else module.residual[1](
            torch.einsum("oc,nctv->notv", module.residual[0].weight[:, :, 0, 0], x[:, :, kept])
        )
    )
    return F.relu(y + residual)


@pytest.mark.parametrize("frames", [8, 11])
@pytest.mark.parametrize("attention", [True, False])
@pytest.mark.parametrize("stride", [1, 2])
def test_tpa_is_the_loop_of_equations_4_and_5(stride, attention, frames):
    config = LSTAConfig(fragments=6, attention=attention)
    module = with_history(TemporalPyramid(12, stride, config))
    x = torch.randn(2, 12, frames, 3)
    with torch.no_grad():
        torch.testing.assert_close(module(x), temporal_pyramid_by_loop(module, x), rtol=1e-4, atol=1e-5)


def test_receptive_field_grows_with_the_fragment():
    module = with_history(TemporalPyramid(12, 1, LSTAConfig(fragments=6, attention=False)))
    frames, middle = 61, 30
    reach = []
    x = torch.randn(1, 12, frames, 1)
    changed = x.clone()
    changed[:, :, middle] += 1.0
    for fragment in range(6):
        with torch.no_grad():

            def outputs(values: Tensor, last: int = fragment) -> Tensor:
                result = None
                for part, conv in zip(
                    module.embed(values).chunk(6, 1)[: last + 1], module.convs, strict=False
                ):
                    result = conv(part if result is None else part + result)
                return result

            touched = (outputs(changed) - outputs(x)).abs().amax((0, 1, 3)) > 1e-6
        reach.append(int((torch.nonzero(touched) - middle).abs().max()))
    assert reach == [1, 3, 6, 10, 15, 21]  # 1 + 2 + ... + s


# MAM


@pytest.mark.parametrize("pool", ["max", "average"])
@pytest.mark.parametrize("kernel,dilations", [(5, 3), (3, 1), (7, 4)])
def test_mam_is_equations_6_and_7(kernel, dilations, pool):
    module = MaximumResponseAttention(kernel, dilations, pool)
    x = torch.randn(2, 10, 4, 3)
    with torch.no_grad():
        gates = module(x)
    assert gates.shape == (2, 10, 1, 1)
    for n in range(2):
        pooled = [float(x[n, c].max() if pool == "max" else x[n, c].mean()) for c in range(10)]
        for c in range(10):
            responses = []
            for dilation, conv in enumerate(module.convs, 1):
                total = 0.0
                for tap in range(kernel):
                    neighbour = c + (tap - kernel // 2) * dilation
                    if 0 <= neighbour < 10:
                        total += conv.weight[0, 0, tap].item() * pooled[neighbour]
                responses.append(1 / (1 + np.exp(-total)))
            assert float(gates[n, c, 0, 0]) == pytest.approx(max(responses), abs=1e-5)


# The network as a whole


@pytest.mark.parametrize("spatial", ["gcn", "ms-gcn", "msda"])
def test_gradients_reach_every_parameter(spatial):
    reached: dict[str, bool] = {}
    for _ in range(4):
        network = LSTANet(KINETICS_18, 6, 3, persons=2, config=replace(SMALL, spatial=spatial))
        F.cross_entropy(network(torch.randn(6, 3, 16, 18, 2)), torch.arange(6)).backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            reached[name] = reached.get(name, False) or bool(parameter.grad.abs().max() > 0)
    # MAM's maximum (Eq. 7) gives all of a channel's gradient to one of its parallel convolutions, so that one
    # may go without in a given network; in another one it has its turn.
    assert [name for name, touched in reached.items() if not touched] == []


def test_every_channel_of_mam_trains_the_convolution_that_responds_most():
    module = MaximumResponseAttention(5, 3, "max")
    with torch.no_grad():
        for conv, size in zip(module.convs, (-1.0, 1.0, -1.0), strict=True):
            conv.weight.fill_(size)
    module(torch.rand(2, 10, 4, 3)).sum().backward()
    assert [bool(conv.weight.grad.abs().max() > 0) for conv in module.convs] == [False, True, False]
