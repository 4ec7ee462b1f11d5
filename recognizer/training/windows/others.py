"""Weights beside those that a training makes: what they see and answer must be the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recognizer import weights
from recognizer.networks.protocol import Network
from recognizer.training.shared.errors import ConfigError
from recognizer.training.windows.config import TrainingConfig


def load_alike(
    names: Sequence[str], config: TrainingConfig, labels: tuple[str, ...], use: str
) -> Iterator[Network]:
    """Networks that see the same windows as a configuration's and know the same labels, one for each name.

    Args:
        names: of weights, or paths.
        config: of the run that uses them.
        labels: in the order of the outputs of the network that is trained.
        use: what they are for, as a verb: what those that differ "cannot" do.

    Raises:
        ConfigError: one sees other windows or knows other labels.
        WeightsError: there are no such weights.
    """
    asked = {
        "labels": (labels, True),
        "layout": config.layout,
        "windows": (config.window_seconds, config.frames),
        "preprocessing": config.preprocessing,
    }
    for name in names:
        network, card = weights.load(name)
        theirs = {
            "labels": (card.classes, card.open_set),
            "layout": card.layout,
            "windows": (card.window_seconds, card.frames),
            "preprocessing": card.preprocessing,
        }
        for what, wanted in asked.items():
            if theirs[what] != wanted:
                raise ConfigError(
                    f"{name} cannot {use}: its {what} are other ones than the configuration's. "
                    "Choose others, or configure the same."
                )
        yield network
