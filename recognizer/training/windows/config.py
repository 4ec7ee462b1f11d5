"""Configuration of a training on windows."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from recognizer.data.augment.strength import Augmentation
from recognizer.fields import (
    Batch,
    Count,
    Factor,
    FileName,
    Fraction,
    Frames,
    Label,
    NameOrPath,
    Positive,
    WindowSeconds,
)  # fmt: skip
from recognizer.networks import NetworkConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.preprocess import Preprocessing
from recognizer.training.shared.config import RunConfig


class TrainingConfig(RunConfig):
    """Everything that decides the outcome of a run.

    Attributes:
        name: of the run and of the weights it makes.
        vocabulary: key of ``vocabulary.VOCABULARIES``.
        layout: key of ``pose.layouts.LAYOUTS``.
        held_back: labels whose clips are left out, all of them: the network never sees these actions, so that
            it can be measured how well they are taught to it as own ones.
        start_from: weights, by name or path, whose tensors the network begins with where they fit; of the
            last layer the rows of the labels that both know, of a SPA-Net of a multiple of their width each
            channel several times. None: all random.
        soup: weights, by name or path, of other runs that began with the same; what this run has made is
            averaged with them (``blend.average``), each counting as much.
        blend: shares of what the network began with that are tried in what it has become, beside none; the
            one that gives what is right the highest probability on validation clips is written (``blend``).
        teachers: weights, by name or path, of the same labels and windows, from whose mean probabilities the
            network learns beside the labels.
        taught: share of the loss that the divergence from the teachers has, where there are any.
        network: which network, by its ``name``, and its choices.
        window_seconds, frames: what the network sees.
        steps: of SGD with Nesterov momentum 0.9 (LSTA-Net Sec. 3.2).
        precision: of Lightning; "bf16-mixed" takes two thirds of the time on a CPU with AVX-512 BF16, and
            several times as long on one without.
        learning_rate: warms up over the first 5 % of the steps and falls to 0 as a cosine.
        shares: data set -> share of the windows drawn from it; the other sets divide the rest.
        balance: exponent of the class frequency; 0 draws clips evenly, 1 draws classes evenly.
        emphasis: label, or "unknown" -> factor by which its clips are drawn more often.
        validate_every: steps; the best on validation is shipped, so that the last step must be among them.
    """

    name: FileName
    vocabulary: Label
    layout: Label
    held_back: tuple[Label, ...] = ()
    start_from: NameOrPath | None = None
    soup: tuple[NameOrPath, ...] = ()
    blend: tuple[Fraction, ...] = ()
    teachers: tuple[NameOrPath, ...] = ()
    taught: Fraction = 0.5
    network: NetworkConfig = LSTAConfig()
    preprocessing: Preprocessing = Preprocessing()
    augmentation: Augmentation = Augmentation()
    window_seconds: WindowSeconds = 3.0
    frames: Frames = 32
    steps: Count = 6000
    batch_size: Batch = 64
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    learning_rate: Positive = 0.1
    weight_decay: Fraction = 5e-4
    label_smoothing: Fraction = Field(0.05, lt=1)
    shares: dict[str, Fraction] = {"real_landmarks": 0.2, "real_landmarks_2": 0.25, "rest": 0.05}
    balance: Fraction = 0.75
    emphasis: dict[str, Factor] = {}
    validate_every: Count = 500

    @model_validator(mode="after")
    def _validate_the_last_step(self) -> TrainingConfig:
        if self.steps % min(self.steps, self.validate_every):
            raise ValueError(
                f"steps ({self.steps}) must be a multiple of validate_every ({self.validate_every})"
            )
        return self

    @model_validator(mode="after")
    def _blend_with_something(self) -> TrainingConfig:
        for field in ("soup", "blend"):
            if getattr(self, field) and self.start_from is None:
                raise ValueError(f"{field} mixes weights that began with the same, so it needs start_from")
        return self

    @field_validator("shares")
    @classmethod
    def _leave_something(cls, shares: dict[str, float]) -> dict[str, float]:
        if sum(shares.values()) >= 1:
            raise ValueError("shares must add up to less than 1")
        return shares
