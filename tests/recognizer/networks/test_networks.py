"""What holds for every network: batches, persons, evaluation, gradients, learning."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from pose.layouts import KINETICS_18, NTU_25
from recognizer.networks import TITLES
from recognizer.networks.build import NETWORKS, build
from recognizer.networks.dualhead import DualHeadConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.networks.sem import SEMConfig
from recognizer.networks.spa import SPAConfig
from recognizer.networks.stf import STFConfig
from recognizer.training.shared.loss import any_of_loss
from tests.recognizer.modules import with_history

SMALL = {
    "dualhead": DualHeadConfig(width=0.125),
    "dualhead, self-learned": DualHeadConfig(
        width=0.125, temporal_attention="self", spatial_attention="self"
    ),
    "dualhead, one head": DualHeadConfig(width=0.125, heads=1),
    "lsta": LSTAConfig(width=0.25),
    "lsta, gcn": LSTAConfig(width=0.25, spatial="gcn"),
    "lsta, ms-gcn": LSTAConfig(width=0.25, spatial="ms-gcn"),
    "lsta, mask": LSTAConfig(width=0.25, mask=True),
    "stf": STFConfig(width=0.125),
    "stf, no motion": STFConfig(width=0.125, motion=False),
    "stf, scaled": STFConfig(width=0.125, scaled=True),
    "stf, backbone": STFConfig(width=0.125, learned_graph=False, mcf=False, tdf=False, temporal_kernel=9),
    "sem": SEMConfig(width=0.125),
    "sem, no regularisation": SEMConfig(width=0.125, global_regularisation=False),
    "sem, single-frame": SEMConfig(width=0.125, attention="single-frame"),
    "sem, unified": SEMConfig(width=0.125, attention="unified"),
    "spa": SPAConfig(width=0.125, space=16, kernel=3),
    "spa, 3+1d": SPAConfig(width=0.125, space=16, kernel=3, convolution="3+1d"),
}

every_network = pytest.mark.parametrize("config", SMALL.values(), ids=SMALL.keys())


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def test_every_network_has_a_title_and_a_name_of_its_own():
    assert [kind().name for kind in NETWORKS] == list(TITLES)
    assert {config.name for config in SMALL.values()} == set(TITLES)


@every_network
def test_one_item_is_treated_as_within_a_batch(config):
    network = with_history(build(config, KINETICS_18, 9, 3, persons=2)).double()
    x = torch.rand(3, 3, 10, 18, 2, dtype=torch.float64)
    with torch.no_grad():
        together = network(x)
        alone = torch.cat([network(item[None]) for item in x])
    torch.testing.assert_close(alone, together)


@every_network
def test_evaluation_is_deterministic_and_changes_nothing(config):
    network = with_history(build(replace(config, dropout=0.5), KINETICS_18, 9, 3))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    x = torch.rand(2, 3, 10, 18, 1)
    with torch.no_grad():
        first, second = network(x), network(x)
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@every_network
def test_asking_for_attention_does_not_change_the_logits(config):
    network = with_history(build(config, NTU_25, 9, 3, persons=2))
    x = torch.randn(2, 3, 16, 25, 2)
    with torch.no_grad():
        torch.testing.assert_close(network.forward_in_full(x)[0], network(x), rtol=0, atol=0)


@every_network
def test_what_is_supervised_comes_with_the_logits_that_recognise(config):
    network = with_history(build(config, KINETICS_18, 9, 3, persons=2))
    x = torch.randn(2, 3, 10, 18, 2)
    with torch.no_grad():
        heads, logits = network.supervised(x)
        torch.testing.assert_close(logits, network(x), rtol=0, atol=0)
    assert len(heads) == (2 if isinstance(config, DualHeadConfig) and config.heads == 2 else 1)
    if len(heads) == 1:
        torch.testing.assert_close(heads[0], logits, rtol=0, atol=0)


@every_network
def test_the_embedding_is_what_the_linear_classifiers_take(config):
    network = with_history(build(replace(config, dropout=0.5), KINETICS_18, 9, 3, persons=2))
    taken = []
    for part in network.children():
        if isinstance(part, nn.Linear):
            part.register_forward_pre_hook(lambda _, inputs: taken.append(inputs[0]))
    x = torch.randn(2, 3, 10, 18, 2)
    with torch.no_grad():
        network(x)
        wanted = torch.cat(taken, 1)
        network.dropout.train()
        embedding = network.forward_in_full(x)[1]
    torch.testing.assert_close(embedding, wanted, rtol=0, atol=0)
    assert embedding.shape[0] == 2 and not torch.allclose(embedding[0], embedding[1])


# SPA-Net has both persons in one space and a feature for whose joint it is: see test_spa.
@pytest.mark.parametrize("name", [name for name in SMALL if not name.startswith("spa")])
def test_the_order_of_persons_does_not_matter(name):
    # Statistics and weights of the input norm are the persons' own, so only a fresh network is symmetric.
    network = build(SMALL[name], KINETICS_18, 9, 3, persons=2).double().eval()
    x = torch.randn(2, 3, 10, 18, 2, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(network(x.flip(-1)), network(x))


@every_network
def test_gradients_reach_every_parameter(config):
    reached: dict[str, bool] = {}
    # One of LSTA-Net's parallel attentions may go without where another one is the maximum (Eq. 7); in
    # another network it has its turn.
    for _ in range(4):
        network = build(config, KINETICS_18, 6, 3, persons=2)
        x = torch.rand(6, 3, 24, 18, 2)
        # Evaluation mode with the batch's own statistics: in training the batch's mean is taken off, and the
        # bias of a convolution before a norm has no gradient.
        for part in network.modules():
            if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
                part.momentum = 1.0
                nn.init.ones_(part.weight)  # STF-Net's MCF starts at 0: nothing would go further back
        network(x)
        network.eval()
        targets = nn.functional.one_hot(torch.arange(6)).bool()
        sum(any_of_loss(head, targets, 0.0) for head in network.supervised(x)[0]).backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
            reached[name] = reached.get(name, False) or bool(parameter.grad.abs().max() > 0)
        if all(reached.values()):
            return
    assert [name for name, touched in reached.items() if not touched] == []


@pytest.mark.parametrize(
    "config",
    [
        DualHeadConfig(width=0.5),
        LSTAConfig(width=0.5),
        STFConfig(width=0.5),
        SEMConfig(width=0.5),
        SPAConfig("4d", space=8, kernel=3, width=0.5),
        SPAConfig("3+1d", space=8, kernel=3, width=0.5),
    ],
    ids=lambda config: f"{config.name} {getattr(config, 'convolution', '')}".strip(),
)
def test_half_width_learns_16_random_clips_by_heart(config):
    network = build(config, KINETICS_18, 8, 2)
    x, y = torch.randn(16, 2, 8, 18, 1), torch.arange(16) % 8
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for step in range(100):
        network.train()
        optimizer.zero_grad()
        sum(nn.functional.cross_entropy(head, y) for head in network.supervised(x)[0]).backward()
        optimizer.step()
        if step % 10 == 9:
            network.eval()  # with the running statistics, as it is used
            with torch.no_grad():
                right = (network(x).argmax(1) == y).float().mean()
            if right == 1.0:
                return
    pytest.fail(f"only {right:.0%} right after 100 steps")
