"""Averaged weights: the mean of several runs; which mixture of before and after is chosen, and what it is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from torch import nn

from recognizer import weights
from recognizer.training.shared.errors import ConfigError
from recognizer.training.windows import fit
from recognizer.training.windows.blend import average, choose_blend, load_soup
from tests.recognizer.training.windows.window_runs import config


class Answers(nn.Module):
    """Tells two classes apart by one logit a window, its product with the weights."""

    def __init__(self, *values: float):
        super().__init__()
        self.values = nn.Parameter(torch.tensor(values))
        self.register_buffer("batches", torch.tensor(7))

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.zeros(len(windows)), windows @ self.values], 1)


FIRST = (torch.tensor([[1.0, 0.0]]), (1,), True)
SECOND = (torch.tensor([[0.0, 1.0]]), (1,), True)
ANY = (torch.tensor([[1.0, 1.0]]), (0, 1), False)


@pytest.mark.parametrize(
    "clips,share,probability",
    [
        ([FIRST], 0.0, 1 / (1 + math.exp(-6))),
        ([SECOND], 1.0, 1 / (1 + math.exp(-6))),
        # Before and after know one of these each, with -1 for the other; half of both gives 2.5 to each.
        ([FIRST, SECOND], 0.5, 1 / (1 + math.exp(-2.5))),
        ([ANY], 0.0, 1.0),
    ],
)
def test_the_share_of_the_highest_probability(clips, share: float, probability: float):
    network = Answers(6.0, -1.0).eval()
    before = {"values": torch.tensor([-1.0, 6.0]), "batches": torch.tensor(5)}
    assert choose_blend(network, before, (0.0, 0.5, 1.0), clips) == (share, pytest.approx(probability))
    assert network.values.tolist() == [6 - 7 * share, 7 * share - 1]
    assert network.batches == 7, "a count is no weight"


def test_a_run_writes_the_blend(corpus, tmp_path: Path):
    first = fit.train(config(steps=2), tmp_path, tmp_path / "first")
    further = {"start_from": str(first), "steps": 2, "learning_rate": 0.5}
    plain, card = weights.load(fit.train(config(**further), tmp_path, tmp_path / "plain"))
    assert "blend" not in card.training
    blended, told = weights.load(fit.train(config(**further, blend=(0.5, 1.0)), tmp_path, tmp_path / "blend"))
    share = told.training["blend"]
    assert told.metrics["validation_probability"] >= card.metrics["validation_probability"]
    before = weights.load(first)[0].state_dict()
    for name, tensor in blended.state_dict().items():
        if tensor.is_floating_point():
            wanted = (1 - share) * plain.state_dict()[name] + share * before[name]
            torch.testing.assert_close(tensor, wanted)
    assert share > 0, "so high a rate spoils what was known"


def test_the_mean_counts_each_alike():
    network = Answers(6.0, -1.0)
    average(network, [{"values": torch.tensor([0.0, 2.0])}, {"values": torch.tensor([-3.0, 5.0])}])
    assert network.values.tolist() == [1.0, 2.0]
    assert network.batches == 7, "a count is no weight"


def test_a_run_writes_the_mean_of_itself_and_others(corpus, tmp_path: Path):
    def further(name: str, **changes) -> Path:
        asked = config(start_from=str(first), steps=2, learning_rate=1.0, **changes)
        return fit.train(asked, tmp_path, tmp_path / name)

    def tensors(path: Path) -> dict[str, torch.Tensor]:
        found = weights.load(path)[0].state_dict()
        return {name: tensor for name, tensor in found.items() if tensor.is_floating_point()}

    first = fit.train(config(steps=2), tmp_path, tmp_path / "first")
    others = [
        further("second", seed=2),
        further("third", seed=3, network={"name": "lsta", "width": 0.1, "scales": 2}),
    ]
    alone, made = further("alone", seed=4), further("soup", seed=4, soup=[str(path) for path in others])
    parts = [tensors(path) for path in (alone, *others)]
    assert any(not torch.equal(parts[0][name], parts[1][name]) for name in parts[0])
    for name, tensor in tensors(made).items():
        torch.testing.assert_close(tensor, sum(part[name] for part in parts) / 3)
    told = weights.load(made)[1]
    before = weights.load(alone)[1].metrics["validation_probability"]
    assert told.metrics["validation_probability"] != before, "of the mean, not of this run alone"
    assert told.training["config"]["soup"] == [str(path) for path in others]


def test_what_differs_cannot_be_averaged(corpus, tmp_path: Path):
    narrow = fit.train(config(steps=2), tmp_path, tmp_path / "first")
    labels = weights.load(narrow)[1].classes
    wider = config(soup=(str(narrow),), start_from="any", network={"name": "lsta", "width": 0.2, "scales": 2})
    network = fit.window_network(wider.model_copy(update={"start_from": None}))
    with pytest.raises(ConfigError, match=f"{narrow} cannot be averaged .* its network is another one"):
        load_soup(wider, network, labels)
    longer = config(soup=(str(narrow),), start_from="any", frames=24)
    with pytest.raises(ConfigError, match=f"{narrow} cannot be averaged .* its windows are other ones"):
        load_soup(longer, network, labels)
