"""STF-Net against its published size and slow literal transcriptions of its equations."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from recognizer import graph
from recognizer.layers.focus import grain_maps
from recognizer.networks.stf import FocusLayer, STFConfig, STFNet
from tests.recognizer.modules import count, with_history

SMALL = STFConfig(width=0.125)
"""Channels 8, 16, 32: quick enough to run often."""


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def double(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


# Size and configurations


def test_parameter_count_is_the_published_one():
    size = count(STFNet(NTU_25, 60))
    assert size == 1_706_440
    assert round(size / 1e6, 2) == 1.71
    assert round(4 * size / 1e6, 1) == 6.8  # Table I, four streams


def test_the_backbone_has_the_size_of_st_gcn():
    # Table IV calls it ST-GCN; Table I gives that 3.1 M. It has the temporal kernel of Sec. IV-D.
    backbone = STFConfig(learned_graph=False, mcf=False, tdf=False, temporal_kernel=9)
    assert round(count(STFNet(NTU_25, 60, config=backbone)) / 1e6, 1) == 3.1


@pytest.mark.parametrize(
    "choices",
    [
        {"grains": 1},
        {"grains": 2},
        {"mcf": False},
        {"tdf": False},
        {"mcf": False, "tdf": False},
        {"motion": False},
        {"motion": False, "kernel": 5},
        {"kernel": 1},
        {"kernel": 9},
        {"temporal_kernel": 9},
        {"learned_graph": False},
        {"scaled": True},
        {"width": 0.25},
        {"dropout": 0.5},
    ],
    ids=str,
)
def test_every_ablation_builds_and_runs(choices):
    network = STFNet(NTU_25, 7, config=replace(SMALL, **choices))
    logits = network(torch.randn(2, 3, 9, 25, 2))
    assert logits.shape == (2, 7)
    assert logits.isfinite().all()


def test_ablations_change_what_the_paper_says_they_change():
    def saved(**choices) -> int:
        return count(STFNet(NTU_25, 60)) - count(STFNet(NTU_25, 60, config=STFConfig(**choices)))

    # MCF in six layers: down and up again, three embeddings, biases of the former, a norm, a weight a grain.
    assert saved(mcf=False) == sum(
        2 * c * (c // 4) + 3 * (c // 4) ** 2 + c // 4 + c + 2 * c + 3 for c in (128,) * 3 + (256,) * 3
    )
    # TDF in nine layers: two convolutions of 3 frames in C / 4 groups with biases, a norm.
    assert saved(tdf=False) == sum(
        3 * c + c // 4 + 3 * c + c + 2 * (c // 4) for c in (64,) * 3 + (128,) * 3 + (256,) * 3
    )
    assert saved(kernel=1) == sum(2 * 2 * c for c in (64,) * 3 + (128,) * 3 + (256,) * 3)
    assert saved(grains=1) == 6 * 2
    assert saved(motion=False) == saved(scaled=True) == 0
    widths = (64,) * 4 + (128,) * 3 + (256,) * 3
    assert saved(temporal_kernel=9) == -sum((9 - 3) * c * c for c in widths)
    # Three partitions of every layer, and biases of their convolutions.
    assert saved(learned_graph=False) == 10 * 3 * 25 * 25 + sum(widths)


def test_channels():
    assert STFConfig().channels == (64,) * 4 + (128,) * 3 + (256,) * 3
    assert STFConfig(width=0.5).channels == (32,) * 4 + (64,) * 3 + (128,) * 3
    assert STFConfig(width=0.01).channels == (4,) * 10
    assert all(c % 4 == 0 for c in STFConfig(width=0.42).channels)


def test_which_layers_have_what():
    layers = STFNet(NTU_25, 60).layers
    assert [layer.context is not None for layer in layers] == [False] * 4 + [True] * 6
    assert [layer.dynamics is not None for layer in layers] == [False] + [True] * 9
    assert [layer.residual is not None for layer in layers] == [False] + [True] * 9
    strides = [layer.temporal[0].stride[0] for layer in layers]
    assert strides == [1, 1, 1, 1, 2, 1, 1, 2, 1, 1]
    assert all(layer.temporal[0].kernel_size == (3, 1) for layer in layers)


@pytest.mark.parametrize("frames,persons", [(1, 1), (5, 2), (16, 1)])
@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18, SHREC_22], ids=lambda layout: layout.name)
def test_any_layout_and_any_number_of_frames(layout, frames, persons):
    network = STFNet(layout, 5, layout.coordinates + 1, persons=persons, config=SMALL).eval()
    x = torch.randn(2, layout.coordinates + 1, frames, len(layout), persons)
    with torch.no_grad():
        logits, _, attention = network.forward_in_full(x)
    assert logits.shape == (2, 5)
    kept = ((frames + 1) // 2 + 1) // 2
    grains = [len(layout)] + [len(parts) for _, parts in layout.parts]
    assert [tuple(grain.shape) for grain in attention.relations] == [
        (2, persons, len(layout), parts) for parts in grains
    ]
    assert attention.responses.shape == (2, persons, kept, len(layout))
    assert attention.gate.shape == (2, persons, 32, kept)


# SCN


def test_the_learned_graph_starts_as_the_fixed_one():
    network = STFNet(NTU_25, 60, config=SMALL)
    partitions = torch.from_numpy(graph.spatial_partitions(NTU_25)).view(-1, 25)
    for layer in network.layers:
        torch.testing.assert_close(layer.spatial.adjacency, partitions, rtol=0, atol=0)
        torch.testing.assert_close(layer.spatial.learned.detach(), partitions, rtol=0, atol=0)


def test_without_the_learned_graph_the_fixed_one_is_left():
    network = with_history(STFNet(NTU_25, 60, config=replace(SMALL, learned_graph=False))).double()
    names = [name for name, _ in network.named_parameters()]
    assert not any("learned" in name for name in names)
    spatial = network.layers[1].spatial
    x = double(2, 8, 5, 25)
    total = 0
    for index, partition in enumerate(torch.from_numpy(graph.spatial_partitions(NTU_25)).double()):
        weight = spatial.conv.weight[:, 8 * index : 8 * index + 8, 0, 0]
        total = total + torch.einsum("oc,vu,nctu->notv", weight, partition, x)
    torch.testing.assert_close(spatial(x), F.relu(spatial.norm(total)))


# A layer


@pytest.mark.parametrize("frames", [7, 8])
@pytest.mark.parametrize("widths,stride", [((8, 8), 1), ((8, 16), 2)], ids=str)
def test_a_layer_is_its_parts_one_after_the_other(widths, stride, frames):
    maps = grain_maps(KINETICS_18, 2)
    layer = with_history(
        FocusLayer(graph.spatial_partitions(KINETICS_18), *widths, stride, maps, STFConfig())
    ).double()
    x = double(2, widths[0], frames, 18)
    spatial = layer.spatial(x)
    context, relations = layer.context(spatial)
    dynamics, gate = layer.dynamics(context)
    conv = layer.temporal[0]
    kept = range(0, frames, stride)
    steps = []
    for t in kept:
        step = conv.bias[:, None]
        for tap in range(3):
            if 0 <= t + tap - 1 < frames:
                weight = conv.weight[:, :, tap, 0]
                step = step + torch.einsum("oc,ncv->nov", weight, dynamics[:, :, t + tap - 1])
        steps.append(step)
    temporal = layer.temporal[1](torch.stack(steps, 2))
    past = x[:, :, list(kept)]
    if widths[0] != widths[1]:
        shortcut, norm = layer.residual
        past = norm(
            torch.einsum("oc,nctv->notv", shortcut.weight[:, :, 0, 0], past) + shortcut.bias[:, None, None]
        )
    y, seen, opened = layer(x)
    torch.testing.assert_close(y, F.relu(temporal + past))
    torch.testing.assert_close(seen, relations)
    torch.testing.assert_close(opened, gate)


def test_the_opening_layer_only_convolves():
    partitions = graph.spatial_partitions(KINETICS_18)
    layer = with_history(FocusLayer(partitions, 3, 8, 1, (), STFConfig(), opening=True)).double()
    x = double(2, 3, 5, 18)
    y, relations, gate = layer(x)
    torch.testing.assert_close(y, F.relu(layer.temporal(layer.spatial(x))))
    assert relations == () and gate is None


# The network as a whole


def test_attention_is_the_last_layers_and_does_not_change_the_logits():
    network = with_history(STFNet(NTU_25, 9, persons=2, config=SMALL)).double()
    x = double(2, 3, 10, 25, 2)
    seen = []
    network.layers[-1].register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    with torch.no_grad():
        logits, _, attention = network.forward_in_full(x)
        features, relations, gate = seen[0]
        torch.testing.assert_close(logits, network(x), rtol=0, atol=0)
    assert len(attention.relations) == 3
    for grain, raw in zip(attention.relations, relations, strict=True):
        torch.testing.assert_close(grain[1, 0], raw[2])
        torch.testing.assert_close(grain.sum(3), torch.ones(2, 2, 25, dtype=torch.float64))
    torch.testing.assert_close(attention.gate[0, 1], gate[1])
    assert ((attention.gate > 0) & (attention.gate < 1)).all()
    assert (attention.responses >= 0).all()
    torch.testing.assert_close(attention.responses[1, 1, 2, 5], features[3, :, 2, 5].mean())


def test_without_the_modules_there_is_no_attention_of_theirs():
    config = replace(SMALL, mcf=False, tdf=False)
    network = STFNet(KINETICS_18, 9, persons=1, config=config).eval()
    *_, attention = network.forward_in_full(torch.randn(1, 3, 8, 18, 1))
    assert attention.relations == () and attention.gate is None
    assert attention.responses.shape == (1, 1, 2, 18)
