"""The rows of RESULTS.md can be trained as they say."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from benchmarks import results
from pose.layouts import LAYOUTS
from recognizer.networks.build import build
from recognizer.preprocess import channels
from recognizer.training.configs import load_config
from recognizer.weights import available

ROOT = Path(__file__).parents[2]

LAYOUT_OF = {"utd_mhad": "ntu-25", "nw_ucla": "ntu-25", "penn_action": "kinetics-18"}
RUNS = {
    run.key: run
    for run in [
        *(run for rows in results.ROWS.values() for run in rows),
        *(run for claim in results.CLAIMS for members in claim.variants.values() for run in members),
    ]
}  # fmt: skip


@pytest.mark.parametrize("dataset", LAYOUT_OF)
@pytest.mark.parametrize("key", RUNS)
def test_every_row_has_a_network_to_train(key: str, dataset: str):
    run = RUNS[key]
    config = load_config(f"{run.network}/{dataset}", list(run.overrides))
    layout = LAYOUTS[LAYOUT_OF[dataset]]
    build(config.network, layout, 10, channels(layout, config.preprocessing), config.persons)
    assert config.dataset == dataset and not config.protocol.endswith("-val")


def test_variants_of_a_claim_differ():
    for claim in results.CLAIMS:
        members = [tuple(run.key for run in runs) for runs in claim.variants.values()]
        assert len(set(members)) == len(members)
    plain = [(run.network, run.overrides) for run in RUNS.values()]
    assert len(set(plain)) == len(plain)


def test_figures_are_those_of_the_shipped_weights():
    text = (ROOT / "RESULTS.md").read_text(encoding="utf-8")
    cards = available(ROOT / "weights" / "results")
    assert cards
    for name, card in cards.items():
        dataset, network = card.training["config"]["dataset"], card.network.name
        key = name.removeprefix(f"{dataset}-").removesuffix(f"-{card.training['config']['seed']}")
        command = shlex.join([f"{network}/{dataset}", "--data", "DATA", *RUNS[key].overrides])
        rows = [line for line in text.splitlines() if f"train {command}`" in line]
        assert len(rows) == 1 and f"| {100 * card.metrics['top1']:.1f} (" in rows[0], name
