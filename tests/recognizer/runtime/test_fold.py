"""Batch norm that becomes part of the convolution before it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from pose.layouts import KINETICS_18, NTU_25
from recognizer.networks.build import build
from recognizer.networks.configs import DualHeadConfig, LSTAConfig, SEMConfig, STFConfig
from recognizer.runtime.answer import named
from recognizer.runtime.fold import fold_batch_norm
from tests.recognizer.modules import with_history

FOLDED = {
    "dualhead": DualHeadConfig(width=0.125),
    "dualhead, self-learned": DualHeadConfig(
        width=0.125, temporal_attention="self", spatial_attention="self", subsampling=4
    ),
    "dualhead, no attention": DualHeadConfig(
        width=0.125, temporal_attention="none", spatial_attention="none", coarse_paths=2
    ),
    "lsta": LSTAConfig(width=0.25),
    "lsta, ms-gcn without attention": LSTAConfig(width=0.25, spatial="ms-gcn", attention=False),
    "stf": STFConfig(width=0.125),
    "stf, no motion": STFConfig(width=0.125, motion=False),
    "sem": SEMConfig(width=0.125),
    "sem, unified": SEMConfig(width=0.125, attention="unified", global_regularisation=False),
}


@pytest.mark.parametrize("layout", [KINETICS_18, NTU_25], ids=lambda layout: layout.name)
@pytest.mark.parametrize("config", FOLDED.values(), ids=FOLDED.keys())
def test_the_answer_stays_the_same(config, layout):
    torch.manual_seed(0)
    network = with_history(build(config, layout, 9, 4))
    folded = fold_batch_norm(network, torch.zeros(1, 4, 20, len(layout), 1))
    norms = [sum(isinstance(each, nn.BatchNorm2d) for each in one.modules()) for one in (network, folded)]
    assert norms[1] < norms[0]
    x = torch.randn(3, 4, 20, len(layout), 1)
    with torch.inference_mode():
        *wanted, attention = network.forward_in_full(x)
        *found, looked = folded.forward_in_full(x)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(named(looked), named(attention), rtol=1e-4, atol=1e-4)


def test_the_network_itself_stays_as_it_was():
    network = build(LSTAConfig(width=0.25), KINETICS_18, 5, 3).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fold_batch_norm(network, torch.randn(1, 3, 8, 18, 1))
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


class Branches(nn.Module):
    """A norm after a convolution, one after a concatenation, one that shares its convolution."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4)
        self.joined = nn.BatchNorm2d(8)
        self.shared, self.first, self.second = nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8), nn.BatchNorm2d(8)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(x))
        y = self.joined(torch.cat([y, y.relu()], 1))
        return self.first(self.shared(y)) + self.second(self.shared(y.relu()))


def test_only_a_norm_that_follows_its_own_convolution_is_folded():
    torch.manual_seed(0)
    network = with_history(Branches())
    x = torch.randn(2, 3, 5, 6)
    folded = fold_batch_norm(network, x)
    kinds = {name: type(part) for name, part in folded.named_children()}
    assert kinds["norm"] is nn.Identity
    assert all(kinds[name] is nn.BatchNorm2d for name in ("joined", "first", "second"))
    scale = network.norm.weight / (network.norm.running_var + network.norm.eps).sqrt()
    torch.testing.assert_close(folded.conv.weight, network.conv.weight * scale[:, None, None, None])
    with torch.no_grad():
        torch.testing.assert_close(folded(x), network(x))


def test_in_dualhead_only_norms_of_the_input_and_after_a_maximum_are_left():
    network = build(DualHeadConfig(width=0.125), NTU_25, 5, 3)
    folded = fold_batch_norm(network, torch.randn(1, 3, 8, 25, 1))
    assert isinstance(folded.input_norm, nn.BatchNorm1d)
    left = [name for name, part in folded.named_modules() if isinstance(part, nn.BatchNorm2d)]
    before = [name[: name.rindex(".")] + f".{int(name.rsplit('.', 1)[1]) - 1}" for name in left]
    assert left and all(isinstance(folded.get_submodule(name), nn.MaxPool2d) for name in before)
