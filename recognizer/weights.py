"""Weights on disk: a safetensors file and, beside it, a card that tells what it is.

``<layout>-<network>-<vocabulary>.safetensors`` holds the tensors, ``<same name>.json`` the card.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import nn

from pose.errors import UserError
from pose.layouts import LAYOUTS
from recognizer.networks import NetworkConfig, build
from recognizer.preprocess import Preprocessing, channels

DEFAULT = "kinetics-18-lsta-daily+kinetics-18-dualhead-daily+kinetics-18-stf-daily"
"""What recognises where nothing is chosen: the mean score of three networks, best on validation clips of real
cameras."""


class WeightsError(UserError, ValueError):
    """Weights cannot be used. The message is one sentence that says why and what there is instead."""


class WeightsCard(BaseModel):
    """What a weights file is and how it was obtained.

    Attributes:
        name: file name without its ending.
        network: the configuration of the network; its ``name`` says which.
        layout: key of ``pose.layouts.LAYOUTS``.
        persons: how many it sees at once; live, it is shown one, and nobody in the other places.
        window_seconds, frames: what it sees of them.
        preprocessing: how a window becomes input, the streams among it.
        classes: labels in the order of the logits.
        threshold: smoothed probability under which the recogniser says that it knows no such action.
        data: data sets and splits trained on.
        licence: what the weights may be used for.
        training: command, seed, steps, commit and time of the run.
        metrics: figures, each with the command that measured it.
        sha256: of the safetensors file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    network: NetworkConfig
    layout: str
    persons: int = 1
    window_seconds: float
    frames: int
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    threshold: float
    data: str
    licence: str
    training: dict[str, Any]
    metrics: dict[str, Any]
    sha256: str


def weights_folder() -> Path:
    """Folder of the shipped weights."""
    import weights

    return Path(next(iter(weights.__path__)))


def available(folder: Path | None = None) -> dict[str, WeightsCard]:
    """Cards of all weights in a folder (the shipped one by default) by name.

    Left out is what cannot be used: a damaged card, one of an unknown layout, one without its tensors.
    """
    cards = {}
    for path in sorted((folder or weights_folder()).glob("*.json")):
        try:
            card = WeightsCard.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            continue
        if card.layout in LAYOUTS and path.with_suffix(".safetensors").is_file():
            cards[path.stem] = card
    return cards


def difference(card: WeightsCard, other: WeightsCard) -> str | None:
    """In what two sets of weights see other windows or give other answers; None if they can be fused."""
    for field in ("layout", "classes", "window_seconds", "frames"):
        if getattr(card, field) != getattr(other, field):
            return field.replace("_", " ")
    return None


def build_network(card: WeightsCard) -> nn.Module:
    """The network that a card describes, with random weights; ValueError as from ``networks.build``."""
    layout = LAYOUTS[card.layout]
    in_channels = channels(layout, card.preprocessing)
    return build(card.network, layout, len(card.classes), in_channels, card.persons)


def save(network: nn.Module, card: WeightsCard, folder: Path) -> Path:
    """Writes tensors and card, each to a temporary name first. The card's hash is filled in here.

    Returns:
        The safetensors file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    data = safetensors.torch.save(tensors)
    card = card.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    path = folder / f"{card.name}.safetensors"
    _write(path, data)
    _write_card(path.with_suffix(".json"), card)
    return path


def add_metrics(name: str | Path, metrics: dict[str, Any]) -> Path:
    """Writes figures into the card of weights; others that it holds stay.

    Returns:
        The card.

    Raises:
        WeightsError: see ``load``.
    """
    path, card = read_card(name)
    _write_card(path, card.model_copy(update={"metrics": {**card.metrics, **metrics}}))
    return path


def load(name: str | Path) -> tuple[nn.Module, WeightsCard]:
    """A network in evaluation mode with its trained weights.

    Args:
        name: of shipped weights, or a path to a .safetensors file (or its card) anywhere.

    Raises:
        WeightsError: nothing of that name, a damaged file, or a card that does not fit the tensors.
    """
    card_path, card = read_card(name)
    tensor_path = card_path.with_suffix(".safetensors")
    data = tensor_path.read_bytes()
    if hashlib.sha256(data).hexdigest() != card.sha256:
        raise WeightsError(f"{tensor_path} is damaged: its hash is not the one in its card. {_offer()}")
    try:
        network = build_network(card)
        network.load_state_dict(safetensors.torch.load(data))
    except (ValueError, RuntimeError, safetensors.SafetensorError) as error:
        reason = str(error).strip().splitlines()[-1].strip().rstrip(".")
        raise WeightsError(f"{tensor_path} does not fit its card: {reason}. {_offer()}") from None
    return network.eval(), card


def read_card(name: str | Path) -> tuple[Path, WeightsCard]:
    """The card of weights and its file, by name or path as for ``load``.

    Raises:
        WeightsError: nothing of that name, or a damaged card.
    """
    path = Path(name)
    if path.suffix in (".safetensors", ".json"):
        card_path = path.with_suffix(".json")
    else:
        card_path = weights_folder() / f"{name}.json"
    tensor_path = card_path.with_suffix(".safetensors")
    if not card_path.is_file() or not tensor_path.is_file():
        missing = f"{tensor_path.name if card_path.is_file() else card_path.name} is missing"
        raise WeightsError(f"There are no weights {str(name)!r} ({missing}). {_offer()}")
    try:
        card = WeightsCard.model_validate_json(card_path.read_bytes())
    except (ValidationError, OSError):
        raise WeightsError(f"The card {card_path} is damaged. {_offer()}") from None
    if card.layout not in LAYOUTS:
        raise WeightsError(
            f"{card_path.name} names the layout {card.layout!r}, and there are only {', '.join(LAYOUTS)}. "
            f"{_offer()}"
        )
    return card_path, card


def _write_card(path: Path, card: WeightsCard) -> None:
    _write(path, (json.dumps(card.model_dump(mode="json"), indent=2) + "\n").encode())


def _offer() -> str:
    names = ", ".join(available())
    return f"Available weights: {names}." if names else f"No usable weights are in {weights_folder()}."


def _write(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # a full disk does not tell
        raise
