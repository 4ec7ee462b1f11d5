"""What ``pose2action weights`` prints: a table of all weights, or the card of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from app.commands.console import printable
from app.core.catalogue import Catalogue
from recognizer.card import WeightsCard, WeightsError
from recognizer.networks import TITLES
from recognizer.weights import read_card, weights_folder

REAL_CAMERAS = "real_landmarks"
"""The data set that stands for people at a webcam."""
_WIDEST = 200
"""Columns of what is no terminal, so that no name is cut."""


def print_weights(name: str | None) -> None:
    """Prints the table, or a card if there is a name or a file.

    Raises:
        WeightsError: there are none, or none of that name.
    """
    if name is not None:
        print(printable(card_text(read_card(name)[1])))
        return
    catalogue = Catalogue.shipped()
    if not catalogue.cards:
        raise WeightsError(f"There are no usable weights in {weights_folder()}; install pose2action again.")
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, width=_WIDEST)
    console.print(weights_table(catalogue))
    print("*: what the page and `pose2action run` start with. Figures: top-1 on clips not trained on.")


def weights_table(catalogue: Catalogue) -> Table:
    """A row for each set of weights: network, layout, actions, and top-1 of each data set on its card."""
    results = {name: _top1(card.metrics) for name, card in catalogue.cards.items()}
    sets = sorted({each for figures in results.values() for each in figures}, key=_real_first)
    table = Table("name", "network", "layout", "actions", *map(_heading, sets))
    table.columns[0].overflow = "fold"
    for column in table.columns[3:]:
        column.justify = "right"
    default = catalogue.choice().names
    for name, card in catalogue.cards.items():
        figures = (f"{100 * results[name][each]:.1f} %" if each in results[name] else "" for each in sets)
        star = " *" if name in default else ""
        table.add_row(
            printable(f"{name}{star}"),
            TITLES[card.network.name],
            card.layout,
            str(len(card.classes)),
            *figures,
        )
    return table


def card_text(card: WeightsCard) -> str:
    """A card in lines: what the weights take, what they know, what they scored, what they may be used for."""
    streams = ", ".join(card.preprocessing.streams)
    lines = [
        card.name,
        f"  {TITLES[card.network.name]}, layout {card.layout}, streams {streams}",
        f"  windows of {card.window_seconds:g} s in {card.frames} frames, threshold {card.threshold:g}",
        f"  {len(card.classes)} actions: {', '.join(sorted(card.classes))}",
        f"  trained on: {card.data}",
        *(f"  {name}: {value:.4g}" for name, value in _numbers(card.metrics)),
        f"  licence: {card.licence}",
    ]
    if isinstance(command := card.metrics.get("command"), str):
        lines.append(f"  figures by: {command}")
    return "\n".join(lines)


def _top1(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Share of right clips by data set, of those that a card tells of."""
    results = metrics.get("results")
    if not isinstance(results, Mapping):
        return {}
    figures = ((name, each.get("top1")) for name, each in results.items() if isinstance(each, Mapping))
    return {name: float(top1) for name, top1 in figures if isinstance(top1, (int, float))}


def _real_first(dataset: str) -> tuple[bool, str]:
    return dataset != REAL_CAMERAS, dataset


def _heading(dataset: str) -> str:
    return "real cameras" if dataset == REAL_CAMERAS else dataset


def _numbers(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Numbers in a card's metrics, with the path to each."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _numbers(value, f"{prefix}{name} ")
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{prefix}{name}", float(value)
