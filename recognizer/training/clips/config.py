"""Configuration of a training on the whole clips of a prepared data set, with the papers' settings."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recognizer.fields import (
    Batch,
    Count,
    Degrees,
    FileName,
    Fraction,
    Frames,
    Persons,
    Positive,
    WholeDegrees,
    WindowSeconds,
)  # fmt: skip
from recognizer.networks import NetworkConfig
from recognizer.preprocess import Preprocessing
from recognizer.training.shared.config import RunConfig

TEST_SHARE = 0.95
"""What the test sees of a clip of which training sees pieces of different length (CTR-GCN)."""


class ClipAugmentation(BaseModel):
    """What is changed at random in a training clip; nothing by default, as in the papers.

    Attributes:
        turn_x, turn_y: about the axis to the side and about the vertical, 3-D joints are turned by a random
            whole number of degrees, up to this many either way, before their extent is taken (origin extent;
            60 in ``feeder_ucla.py``).
        rotation: about each axis of 3-D joints, uniformly up to this many degrees either way.
        azimuth: more of it about the vertical, of 3-D joints as the camera saw them (origin torso).
        shortest, longest: with length "resize" or "pick", a random piece of so large a share of the clip is
            seen. The test sees the middle: where both are the same, that share (DSTA-Net's crop of 128 of 150
            sampled frames), otherwise TEST_SHARE at most (CTR-GCN).
        any_start: with length "zeros", the frames begin anywhere in a clip that is longer, and a shorter clip
            anywhere among the zeros (ST-GCN's ``random_choose``, which may also begin after a clip's end).
        random_frames: with length "pick", the frames are random ones, sorted, and one may come several times
            (``feeder_ucla.py``); the test's are evenly spaced.
        moves: the picture turns, zooms and shifts evenly from one random state to another (ST-GCN's
            ``random_move``, which also moves the joints that were not found).
        scale: of all coordinates, uniformly up to this share more or less.
        noise: standard deviation added to each coordinate.
        mirror: probability that left and right are exchanged.
        drop_axis: probability that one coordinate of all joints is 0 (SkateFormer: 0.5).
        drop_joints: probability that 4 to 12 joints are not seen in 16 to 32 frames (SkateFormer: 0.5).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn_x: WholeDegrees = 0
    turn_y: WholeDegrees = 0
    rotation: Degrees = 0.0
    azimuth: Degrees = 0.0
    shortest: Fraction = Field(1.0, gt=0)
    longest: Fraction = Field(1.0, gt=0)
    any_start: bool = False
    random_frames: bool = False
    moves: bool = False
    scale: Fraction = Field(0.0, lt=1)
    noise: Fraction = 0.0
    mirror: Fraction = 0.0
    drop_axis: Fraction = 0.0
    drop_joints: Fraction = 0.0

    @model_validator(mode="after")
    def _ascending(self) -> ClipAugmentation:
        if self.shortest > self.longest:
            raise ValueError("shortest must not be above longest")
        return self

    @property
    def test_share(self) -> float:
        """How much of a clip's middle the test sees with length "resize" or "pick"."""
        return self.longest if self.shortest == self.longest else min(self.longest, TEST_SHARE)


class ClipConfig(RunConfig):
    """Everything that decides the outcome of a run.

    Attributes:
        name: of the run and of the weights it makes; made of the following if it is not given.
        dataset: key of ``data.sources.SOURCES``.
        protocol: which clips train and which test.
        task: which classes, where the data set has several kinds.
        network: which network, by its ``name``, and its choices.
        preprocessing: streams and origin of the input; one stream is the papers' way.
        frames: T, what the network sees of a clip.
        length: how a clip becomes T frames: "replay" repeats it, "zeros" pads it, "resize" interpolates,
            "pick" takes T of its frames as they are, some of them several times where it has fewer.
        persons: M; a clip of fewer is padded with zeros.
        window_seconds: how long a window is when the weights are used live.
        epochs: over the training clips.
        batch_size: clips a batch, over all processes.
        optimizer: "sgd", with Nesterov momentum 0.9, as in the papers, or "adamw".
        learning_rate: of the optimizer, at its highest.
        schedule: "steps", as in the papers: multiplied by ``gamma`` after each of the epochs ``milestones``;
            "cosine": falls to 0 along half a cosine.
        warm_up: epochs over which the learning rate rises to its value.
        precision: of Lightning.
        clip_gradients: largest norm of the gradient, None for no limit.
        accumulate: batches a step.
        average: decay of the exponential moving average of the weights, None for none.
        average_every: steps from one of its updates to the next.
        test_every: epochs from one look at the test part to the next, to be logged; None for none.
        compile: with torch.compile.
        workers: processes that load clips.
    """

    name: FileName = ""
    dataset: FileName
    protocol: FileName
    task: FileName = "action"
    network: NetworkConfig
    preprocessing: Preprocessing
    augmentation: ClipAugmentation = ClipAugmentation()
    frames: Frames = 300
    length: Literal["replay", "zeros", "resize", "pick"] = "replay"
    persons: Persons = 2
    window_seconds: WindowSeconds = 3.0
    epochs: Count = 80
    batch_size: Batch = 64
    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: Positive = 0.1
    schedule: Literal["steps", "cosine"] = "steps"
    milestones: tuple[Count, ...] = Field((40, 60), max_length=1000)
    gamma: Fraction = Field(0.1, gt=0)
    warm_up: int = Field(0, ge=0, le=10**6)
    weight_decay: Fraction = 5e-4
    label_smoothing: Fraction = Field(0.0, lt=1)
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = "32-true"
    clip_gradients: Positive | None = None
    accumulate: Count = 1
    average: float | None = Field(None, gt=0, lt=1, allow_inf_nan=False)
    average_every: Count = 1
    test_every: Count | None = 1
    compile: bool = False
    workers: int = Field(0, ge=0, le=256)

    @model_validator(mode="after")
    def _where_the_vertical_is_known(self) -> ClipConfig:
        if self.augmentation.azimuth and self.preprocessing.origin != "torso":
            raise ValueError("augmentation.azimuth goes with origin torso alone; choose rotation")
        turns = self.augmentation.turn_x or self.augmentation.turn_y
        if turns and self.preprocessing.origin != "extent":
            raise ValueError("augmentation.turn_x and turn_y go with origin extent alone; choose rotation")
        return self

    @model_validator(mode="after")
    def _starts_that_go_with_the_length(self) -> ClipConfig:
        if self.augmentation.any_start and self.length != "zeros":
            raise ValueError("augmentation.any_start goes with length zeros alone")
        if self.augmentation.random_frames and self.length != "pick":
            raise ValueError("augmentation.random_frames goes with length pick alone")
        return self

    @model_validator(mode="after")
    def _name(self) -> ClipConfig:
        if not self.name:
            task = [] if self.task == "action" else [self.task]
            parts = [self.network.name, self.dataset, self.protocol, *task, *self.preprocessing.streams]
            object.__setattr__(self, "name", "-".join(parts))
        return self

    def learning_rate_factor(self, epoch: float) -> float:
        """Learning rate over ``learning_rate`` after so many epochs."""
        if epoch < self.warm_up:
            return epoch / self.warm_up
        if self.schedule == "cosine":
            done = (epoch - self.warm_up) / max(self.epochs - self.warm_up, 1)
            return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))
        return self.gamma ** sum(epoch >= milestone for milestone in self.milestones)
