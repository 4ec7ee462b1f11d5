"""What a network takes over from trained weights: rows of shared labels, and channels several times."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from pose.layouts import LAYOUTS
from recognizer.card import WeightsCard, draft
from recognizer.networks import NetworkConfig
from recognizer.networks.build import build
from recognizer.networks.configs import LSTAConfig, SPAConfig
from recognizer.networks.protocol import Network
from recognizer.preprocess import Preprocessing
from recognizer.training.shared.errors import ConfigError
from recognizer.training.windows.beginning import begin_with, widened

LABELS = ("idle", "wave")
SPA: dict[str, Any] = {"space": 16, "kernel": 3}


def trained(config: NetworkConfig, layout: str = "kinetics-18") -> tuple[Network, WeightsCard]:
    """A network whose batch norms have seen something, so that none of its tensors is what it began with."""
    torch.manual_seed(1)
    network = build(config, LAYOUTS[layout], len(LABELS) + 1, LAYOUTS[layout].coordinates + 1)
    for tensor in network.state_dict().values():
        if tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5)
    card = draft(
        name="narrow", network=config, layout=layout, window_seconds=3.0, frames=16,
        preprocessing=Preprocessing(), classes=LABELS, open_set=True, threshold=0.5, data="none",
        licence="none", training={}, metrics={},
    )  # fmt: skip
    return network.eval(), card


def other(config: NetworkConfig, layout: str = "kinetics-18", classes: int = 3) -> Network:
    torch.manual_seed(2)
    return build(config, LAYOUTS[layout], classes, LAYOUTS[layout].coordinates + 1).eval()


def skeletons(layout: str) -> torch.Tensor:
    torch.manual_seed(3)
    return torch.rand(4, LAYOUTS[layout].coordinates + 1, 16, len(LAYOUTS[layout]), 1)


def test_of_other_labels_the_rows_of_those_that_both_know():
    network, card = trained(LSTAConfig(width=0.25, scales=4))
    fresh = other(LSTAConfig(width=0.25, scales=4), classes=4)
    last = [name for name, tensor in fresh.state_dict().items() if len(tensor.shape) and len(tensor) == 4]
    before = {name: fresh.state_dict()[name].clone() for name in last}
    begin_with(fresh, ("bow", "idle", "nod"), network, card)
    assert last
    for name in last:
        own, theirs = fresh.state_dict()[name], network.state_dict()[name]
        torch.testing.assert_close(own[[1, 3]], theirs[[0, 2]], rtol=0, atol=0)
        torch.testing.assert_close(own[[0, 2]], before[name][[0, 2]], rtol=0, atol=0)


@pytest.mark.parametrize("layout", ["kinetics-18", "ntu-25"])
@pytest.mark.parametrize("convolution", ["4d", "3+1d"])
@pytest.mark.parametrize("times", [2, 3])
def test_a_wider_spa_net_begins_with_the_same_answers(layout: str, convolution: Any, times: int):
    narrow = SPAConfig(width=0.0625, convolution=convolution, **SPA)
    network, card = trained(narrow, layout)
    wide = other(SPAConfig(width=0.0625 * times, convolution=convolution, **SPA), layout)
    x = skeletons(layout)
    assert not torch.allclose(wide(x), network(x), atol=0.01)
    begin_with(wide, LABELS, network, card)
    torch.testing.assert_close(wide(x), network(x), rtol=1e-4, atol=1e-4)


def test_copies_of_a_channel_learn_different_things():
    network, card = trained(SPAConfig(width=0.0625, **SPA))
    wide = other(SPAConfig(width=0.125, **SPA))
    begin_with(wide, LABELS, network, card)
    wide.train()
    wide(skeletons("kinetics-18"))[:, 0].sum().backward()
    for name, parameter in wide.named_parameters():
        if name.endswith(".kernel"):
            assert parameter.grad is not None
            first, second = parameter.grad[..., ::2], parameter.grad[..., 1::2]
            assert not torch.allclose(first, second, rtol=1e-3), name


def test_widening_by_hand():
    tensors = {
        "blocks.0.split.0.0.kernel": torch.tensor([[1.0, 2.0]]),
        "blocks.1.split.0.0.kernel": torch.tensor([[4.0], [8.0]]),
        "classifier.weight": torch.tensor([[3.0, 6.0]]),
        "classifier.bias": torch.tensor([5.0]),
        "blocks.0.norm.bn.num_batches_tracked": torch.tensor(7),
    }
    wide = widened(tensors, 2)
    assert wide["blocks.0.split.0.0.kernel"].tolist() == [[1, 1, 2, 2]]
    kernel = wide["blocks.1.split.0.0.kernel"]
    torch.testing.assert_close(kernel[0::2] + kernel[1::2], torch.tensor([[4.0, 4.0], [8.0, 8.0]]))
    assert kernel[:, 0].tolist() == kernel[:, 1].tolist(), "copies of a channel see the same"
    assert not torch.allclose(kernel[0::2], kernel[1::2]), "and are not the same to who sees them"
    rows = wide["classifier.weight"]
    torch.testing.assert_close(rows[:, 0::2] + rows[:, 1::2], torch.tensor([[3.0, 6.0]]))
    assert wide["classifier.bias"].tolist() == [5]
    assert wide["blocks.0.norm.bn.num_batches_tracked"] == 7


@pytest.mark.parametrize(
    "config", [SPAConfig(width=0.09375, **SPA), SPAConfig(width=0.03125, **SPA), LSTAConfig(width=0.1)]
)
def test_what_does_not_fit_is_told(config: NetworkConfig):
    network, card = trained(SPAConfig(width=0.0625, **SPA))
    with pytest.raises(ConfigError, match=r"cannot begin with narrow: its .* is of another shape"):
        begin_with(other(config), LABELS, network, card)
