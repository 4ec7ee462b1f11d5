"""DualHead-Net against its published size and slow literal transcriptions of its equations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from recognizer import graph
from recognizer.layers.stgc import STGCBlock
from recognizer.networks.build import build
from recognizer.networks.dualhead import DualHeadConfig, DualHeadNet, SpatialGate, TemporalGate
from recognizer.networks.msg3d import MSG3D
from tests.recognizer.modules import count, with_history

SMALL = DualHeadConfig(width=0.125)
"""Stem of 12 channels: quick enough to run often."""


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def double(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


# Size and configurations


def test_parameter_counts_are_the_published_ones():
    assert count(DualHeadNet(NTU_25, 60)) == 3_015_253
    assert count(DualHeadNet(KINETICS_18, 400)) == 2_976_816


@pytest.mark.parametrize(
    "choices,millions",
    [
        ({"fine_reduction": 1}, 4.9),  # Table 5
        ({"fine_reduction": 2}, 3.0),
        ({"fine_reduction": 4}, 2.5),
        ({"coarse_paths": 0}, 2.4),  # Table 6
        ({"coarse_paths": 1}, 3.0),
        ({"coarse_paths": 2}, 3.9),
    ],
    ids=str,
)
def test_ablations_have_the_sizes_of_tables_5_and_6(choices, millions):
    assert round(count(DualHeadNet(NTU_25, 60, config=DualHeadConfig(**choices))) / 1e6, 1) == millions


def test_the_baseline_has_the_size_of_table_4():
    # 13 and 6 scales: MS-G3D's own configuration for NTU-60.
    size = count(build(DualHeadConfig(heads=1, gcn_scales=13), NTU_25, 60, 3, persons=2))
    assert size == 3_194_595 and round(size / 1e6, 1) == 3.2


def test_the_baseline_is_a_fine_head_alone_without_reduction():
    one_head = with_history(build(replace(SMALL, heads=1), KINETICS_18, 7, 3, persons=2)).double()
    assert isinstance(one_head, MSG3D)
    alone = replace(SMALL, temporal_attention="none", spatial_attention="none", fine_reduction=1)
    two_heads = DualHeadNet(KINETICS_18, 7, config=alone).double().eval()
    for part, own in zip(
        (two_heads.input_norm, two_heads.stem, two_heads.fine2, two_heads.fine3, two_heads.fine_classifier),
        (one_head.input_norm, *one_head.blocks, one_head.classifier),
        strict=True,
    ):
        part.load_state_dict(own.state_dict())
    torch.nn.init.eye_(two_heads.embed_fine.weight.data[:, :, 0, 0])
    torch.nn.init.zeros_(two_heads.embed_fine.bias)
    x = double(2, 3, 9, 18, 2)
    with torch.no_grad():
        torch.testing.assert_close(one_head(x), two_heads.forward_heads(x)[0])


def test_gates_have_the_size_of_equations_8_and_10():
    size = count(DualHeadNet(NTU_25, 60))
    sizes = {
        (name, kind): size - count(DualHeadNet(NTU_25, 60, config=DualHeadConfig(**{name: kind})))
        for name in ("temporal_attention", "spatial_attention")
        for kind in ("none", "self")
    }
    # Fine blocks 2 and 3 have 96 and 192 channels, as many as what they gate; coarse ones twice as many.
    assert sizes["temporal_attention", "none"] == 9 * (96 + 192) + 2
    assert sizes["temporal_attention", "self"] == 0
    assert sizes["spatial_attention", "none"] == 25 * (192 + 384) + 2
    assert sizes["spatial_attention", "self"] == 25 * (96 + 192)


@pytest.mark.parametrize("frames,persons,billions", [(300, 2, 18.9), (64, 1, 2.02)])
def test_multiply_adds(frames, persons, billions):
    network = DualHeadNet(NTU_25, 60, persons=persons).eval().to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, frames, 25, persons, device="meta"))
    assert counter.get_total_flops() / 2e9 == pytest.approx(billions, rel=0.02)


def test_the_public_implementation_has_its_modules_in_this_order():
    names = [name for name, child in DualHeadNet(KINETICS_18, 5, config=SMALL).named_children()]
    assert names == [
        "input_norm", "stem",
        "embed_fine", "fine2", "fine3", "fine_classifier",
        "coarse2", "coarse3", "coarse_classifier",
        "temporal_gates", "spatial_gates", "dropout",
    ]  # fmt: skip
    block = STGCBlock(graph.adjacency(KINETICS_18), 9, 6, 6, 12, 2, (3, 5), (1, 2))
    assert [name for name, _ in block.named_children()] == ["g3d", "factorised", "temporal"]
    assert next(iter(block.state_dict())) == "g3d.0.spatial.learned"


@pytest.mark.parametrize(
    "choices",
    [
        {"temporal_attention": "none"},
        {"temporal_attention": "self"},
        {"spatial_attention": "none"},
        {"spatial_attention": "self"},
        {"temporal_attention": "none", "spatial_attention": "none"},
        {"fine_reduction": 1},
        {"fine_reduction": 4},
        {"coarse_paths": 0},
        {"coarse_paths": 2},
        {"subsampling": 1},
        {"subsampling": 4},
        {"subsampling": 4, "temporal_attention": "self"},
        {"gcn_scales": 3, "g3d_scales": 2},
        {"fusion": 0.7},
        {"width": 0.25},
        {"dropout": 0.5},
    ],
    ids=str,
)
def test_every_ablation_builds_and_runs(choices):
    network = DualHeadNet(KINETICS_18, 7, config=replace(SMALL, **choices))
    logits = network(torch.randn(2, 3, 9, 18, 2))
    assert logits.shape == (2, 7)
    assert logits.isfinite().all()


def test_channels():
    assert DualHeadConfig().channels == 96
    assert DualHeadConfig(width=0.5).channels == 48
    assert all(DualHeadConfig(width=width).channels % 12 == 0 for width in (0.01, 0.3, 0.42, 1.7))
    assert DualHeadConfig(width=0.01).channels == 12


@pytest.mark.parametrize("frames,persons", [(1, 1), (5, 2), (16, 1)])
@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18, SHREC_22], ids=lambda layout: layout.name)
def test_any_layout_and_any_number_of_frames(layout, frames, persons):
    network = DualHeadNet(layout, 5, layout.coordinates + 1, persons=persons, config=SMALL).eval()
    x = torch.randn(2, layout.coordinates + 1, frames, len(layout), persons)
    with torch.no_grad():
        logits, _, attention = network.forward_in_full(x)
    assert logits.shape == (2, 5)
    half = (frames + 1) // 2
    assert [tuple(gate.shape) for gate in attention.temporal] == [
        (2, persons, half),
        (2, persons, (half + 1) // 2),
    ]
    assert [tuple(gate.shape) for gate in attention.spatial] == [(2, persons, len(layout))] * 2


# STGC block


@pytest.mark.parametrize("windows", [(), (3,), (3, 5)], ids=str)
def test_stgc_block_adds_up_its_paths(windows):
    block = with_history(STGCBlock(graph.adjacency(KINETICS_18), 9, 6, 6, 12, 2, windows, (1, 2))).double()
    x = double(2, 6, 7, 18)
    spatial, strided, last = block.factorised
    total = last(strided(spatial(x)))
    assert (total < 0).any()  # the last MS-TCN has no activation
    for path in block.g3d:
        total = total + path(x)
    assert [path.frames for path in block.g3d] == list(windows)
    torch.testing.assert_close(block(x), block.temporal(F.relu(total)))
    assert block(x).shape == (2, 12, 4, 18)


def test_where_the_channels_widen():
    network = DualHeadNet(NTU_25, 60)
    for block, widths in (
        (network.stem, (3, 96, 96)),
        (network.fine2, (48, 48, 96)),
        (network.fine3, (96, 96, 192)),
        (network.coarse2, (96, 96, 192)),
        (network.coarse3, (192, 192, 384)),
    ):
        before, between, after = widths
        spatial = block.factorised[0]
        assert (spatial.scales, spatial.conv.in_channels, spatial.conv.out_channels) == (
            9,
            9 * before,
            between,
        )
        for path in block.g3d:
            assert (path.spatial.scales, path.spatial.conv.in_channels) == (6, 6 * before)
            assert (path.collapse.in_channels, path.collapse.out_channels) == (between, after)
        branches = 4 if block in (network.coarse2, network.coarse3) else 6
        assert all(len(layer.branches) == branches for layer in (*block.factorised[1:], block.temporal))
        assert [path.frames for path in block.g3d] == ([3] if branches == 4 else [3, 5])


# Gates


def test_temporal_gate_is_equation_8():
    gate = with_history(TemporalGate(4)).double()
    x = double(2, 4, 12, 5)
    gates = gate(x)
    assert gates.shape == (2, 1, 12, 1)
    for n in range(2):
        for t in range(12):
            total = gate.conv.bias[0].item()
            for tap in range(9):
                source = t + tap - 4
                if 0 <= source < 12:
                    for c in range(4):
                        total += gate.conv.weight[0, c, tap].item() * x[n, c, source].mean().item()
            assert gates[n, 0, t, 0].item() == pytest.approx(1 / (1 + np.exp(-total)))


@pytest.mark.parametrize("joints,kernel", [(25, 25), (18, 17), (22, 21)])
def test_spatial_gate_is_equation_10(joints, kernel):
    gate = with_history(SpatialGate(3, joints)).double()
    x = double(2, 3, 4, joints)
    gates = gate(x)
    assert gates.shape == (2, 1, 1, joints)
    assert gate.conv.kernel_size == (kernel,)
    for v in range(joints):
        total = gate.conv.bias[0].item()
        for tap in range(kernel):
            source = v + tap - kernel // 2
            if 0 <= source < joints:
                for c in range(3):
                    total += gate.conv.weight[0, c, tap].item() * x[1, c, :, source].mean().item()
        assert gates[1, 0, 0, v].item() == pytest.approx(1 / (1 + np.exp(-total)))


def test_temporal_gates_start_half_open_and_spatial_ones_at_random():
    assert (TemporalGate(4)(torch.randn(2, 4, 6, 5)) == 0.5).all()
    gates = SpatialGate(4, 5)(torch.randn(2, 4, 6, 5))
    assert gates.std() > 0.01


# The network as a whole


def heads_by_the_paper(network: DualHeadNet, x: Tensor) -> tuple[Tensor, Tensor]:
    """Sec. 3.3 to 3.6 step by step, frame by frame where frames are matched."""
    config = network.config
    n, c, t, v, m = x.shape
    rows = torch.stack([x[..., person].permute(0, 3, 1, 2) for person in range(m)], 1)  # (N, M, V, C, T)
    rows = torch.nn.BatchNorm1d.forward(network.input_norm, rows.reshape(n, m * v * c, t)).view(n, m, v, c, t)
    bodies = torch.cat([rows[i, j].permute(1, 2, 0)[None] for i in range(n) for j in range(m)])
    stem = network.stem(bodies)
    coarse = stem[:, :, list(range(0, t, config.subsampling))]  # Eq. 4
    fine = network.embed_fine(stem)  # Eq. 6
    apart = 1  # how many stem frames a fine frame covers
    for stage in (0, 1):
        fine = (network.fine2, network.fine3)[stage](fine)
        apart *= 2
        if config.temporal_attention != "none":
            cross = config.temporal_attention == "cross"
            theta = network.temporal_gates[stage](fine if cross else coarse)
            gated = []
            for frame in range(coarse.shape[2]):
                # A coarse frame is this many stem frames from the start; the fine frame that covers it:
                stem_frame = frame * config.subsampling * (apart // 2)
                source = stem_frame // apart if cross else frame
                gated.append(theta[:, :, source] * coarse[:, :, frame] + coarse[:, :, frame])  # Eq. 9
            coarse = torch.stack(gated, 2)
        coarse = (network.coarse2, network.coarse3)[stage](coarse)
        if config.spatial_attention != "none":
            theta = network.spatial_gates[stage](coarse if config.spatial_attention == "cross" else fine)
            fine = theta * fine + fine  # Eq. 11
    heads = []
    for features, classifier in (
        (fine, network.fine_classifier),
        (coarse, network.coarse_classifier),
    ):
        pooled = features.mean((2, 3)).view(n, m, -1).mean(1)
        heads.append(classifier(pooled))
    return heads[0], heads[1]


@pytest.mark.parametrize("frames", [8, 11])
@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"subsampling": 1},
        {"subsampling": 4},
        {"temporal_attention": "self", "spatial_attention": "self"},
        {"temporal_attention": "none", "spatial_attention": "cross"},
        {"temporal_attention": "cross", "spatial_attention": "none"},
    ],
    ids=str,
)
def test_heads_talk_to_each_other_as_in_figure_2(choices, frames):
    network = with_history(DualHeadNet(KINETICS_18, 5, config=replace(SMALL, **choices))).double()
    x = double(2, 3, frames, 18, 2)
    with torch.no_grad():
        for head, wanted in zip(network.forward_heads(x), heads_by_the_paper(network, x), strict=True):
            torch.testing.assert_close(head, wanted)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_fusion_is_equation_14(share):
    network = DualHeadNet(KINETICS_18, 5, config=replace(SMALL, fusion=share))
    fine, coarse = (torch.randn(3, 5, requires_grad=True) for _ in range(2))
    fused = network.fuse(fine, coarse)
    score = share * coarse.softmax(1) + (1 - share) * fine.softmax(1)
    torch.testing.assert_close(fused.softmax(1), score)
    fused[:, 0].sum().backward()
    assert fine.grad.isfinite().all() and coarse.grad.isfinite().all()


def test_forward_fuses_both_heads():
    network = with_history(DualHeadNet(KINETICS_18, 9, config=SMALL)).double()
    x = double(2, 3, 8, 18, 2)
    with torch.no_grad():
        fine, coarse = network.forward_heads(x)
        torch.testing.assert_close(network(x).softmax(1), (fine.softmax(1) + coarse.softmax(1)) / 2)
        assert not torch.allclose(fine, coarse)


def test_attention_is_the_gates_and_does_not_change_the_logits():
    network = with_history(DualHeadNet(KINETICS_18, 9, persons=2, config=SMALL)).double()
    seen: list[Tensor] = []
    for gate in (*network.temporal_gates, *network.spatial_gates):
        gate.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    x = double(2, 3, 10, 18, 2)
    with torch.no_grad():
        logits, _, attention = network.forward_in_full(x)
        temporal2, spatial2, temporal3, spatial3 = seen
        torch.testing.assert_close(logits, network(x), rtol=0, atol=0)
    for gates, wanted in (
        (attention.temporal, (temporal2[..., 0], temporal3[..., 0])),
        (attention.spatial, (spatial2[:, :, 0], spatial3[:, :, 0])),
    ):
        for gate, raw in zip(gates, wanted, strict=True):
            assert ((gate > 0) & (gate < 1)).all()
            for item in range(2):
                for person in range(2):
                    torch.testing.assert_close(gate[item, person], raw[2 * item + person, 0])


def test_without_gates_there_is_no_attention_to_show():
    config = replace(SMALL, temporal_attention="none", spatial_attention="none")
    network = DualHeadNet(KINETICS_18, 9, persons=1, config=config).eval()
    *_, attention = network.forward_in_full(torch.randn(1, 3, 8, 18, 1))
    assert attention.temporal == () and attention.spatial == ()
