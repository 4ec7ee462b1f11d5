"""The card of weights: what they are, how they were obtained, and what they reach."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pose.errors import UserError
from recognizer.fields import Figures, FileName, Fraction, Frames, Label, Persons, Text, WindowSeconds, fault
from recognizer.networks import NetworkConfig
from recognizer.preprocess import Preprocessing


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
        open_set: the network has one more output, the last, for whatever is none of the classes.
        threshold: smoothed probability under which the recogniser says that it knows no such action.
        data: data sets and splits trained on.
        licence: what the weights may be used for.
        training: command, seed, steps, commit and time of the run.
        metrics: figures, each with the command that measured it.
        sha256: of the safetensors file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: FileName
    network: NetworkConfig
    layout: Label
    persons: Persons = 1
    window_seconds: WindowSeconds
    frames: Frames
    preprocessing: Preprocessing
    classes: Annotated[tuple[Label, ...], Field(min_length=1, max_length=10_000)]
    open_set: bool = False
    threshold: Fraction
    data: Text
    licence: Text
    training: Figures
    metrics: Figures
    sha256: Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]

    @field_validator("classes")
    @classmethod
    def _each_once(cls, classes: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(classes)) < len(classes):
            raise ValueError("no two classes may have the same label")
        return classes


def draft(**fields: Any) -> WeightsCard:
    """A card from its fields; the hash comes when it is saved.

    Raises:
        WeightsError: a field that no card can have.
    """
    try:
        return WeightsCard(**fields, sha256="")
    except ValidationError as error:
        raise WeightsError(f"There can be no weights with such a card: {fault(error, 'network')}.") from None


def difference(card: WeightsCard, other: WeightsCard) -> str | None:
    """In what two sets of weights see other windows or give other answers; None if they can be fused."""
    for field in ("layout", "classes", "open_set", "window_seconds", "frames"):
        if getattr(card, field) != getattr(other, field):
            return field.replace("_", " ")
    return None


def encoded(card: WeightsCard) -> bytes:
    """The card as it stands in its file; WeightsError for one that could not be read again."""
    try:
        WeightsCard.model_validate(card.model_dump())
    except ValidationError as error:
        raise WeightsError(f"The card of {card.name} cannot be written: {fault(error, 'network')}.") from None
    return (json.dumps(card.model_dump(mode="json"), indent=2) + "\n").encode()
