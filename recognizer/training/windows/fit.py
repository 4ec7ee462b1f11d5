"""One training run, from configuration to weights."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any, cast

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader

from pose.layouts import LAYOUTS
from recognizer import weights
from recognizer.card import draft
from recognizer.data.corpus import Example, load_corpus
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.networks.build import build
from recognizer.networks.protocol import Network
from recognizer.predictor import Recognizer
from recognizer.preprocess import channels, network_input
from recognizer.training.shared.checkpoints import (
    LAST,
    WholeCheckpoints,
    check_checkpoint,
    checkpoint_to_resume,
    read_checkpoint,
)
from recognizer.training.shared.errors import ConfigError
from recognizer.training.shared.progress import RunProgressBar
from recognizer.training.shared.runs import LICENCE, commit, fit, open_run, start
from recognizer.training.windows.beginning import begin_with
from recognizer.training.windows.blend import average, choose_blend, load_soup
from recognizer.training.windows.config import TrainingConfig
from recognizer.training.windows.dataset import RandomWindows, clip_windows
from recognizer.training.windows.evaluate import choose_threshold, classify
from recognizer.training.windows.module import RecognitionModule, ValidationClip
from recognizer.training.windows.teachers import load_teachers
from recognizer.vocabulary import VOCABULARIES, Vocabulary


def train(
    config: TrainingConfig, data: Path, run: Path, resume: bool = False, weights_dir: Path | None = None
) -> Path:
    """Trains, keeps the checkpoints ``last.ckpt`` and ``best-*.ckpt`` in ``run``, writes the best as weights.

    The best gives what is right the highest probability on the validation part; test clips have no say.

    Args:
        config: of the run; saved as ``config.json``.
        data: folder with one folder a data set.
        run: folder of the run.
        resume: go on from ``last.ckpt``, or from the one before it if that is damaged; the numbers are
            those of an uninterrupted run.
        weights_dir: where the weights go; ``run`` by default.

    Returns:
        The safetensors file.

    Raises:
        DataError, ConfigError: with one sentence.
        KeyboardInterrupt: Ctrl-C, with a sentence about what is kept.
    """
    begun, checkpoint = checkpoint_to_resume(run) if resume else (None, None)
    parts = open_corpus(config, data)
    vocabulary = actions_of(config)
    start(config)
    network = window_network(config)
    beginning = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    soup = load_soup(config, network, vocabulary.labels)
    module = RecognitionModule(network, config, load_teachers(config, vocabulary.labels))
    drafted = draft(
        name=config.name, network=config.network, layout=config.layout,
        window_seconds=config.window_seconds, frames=config.frames, preprocessing=config.preprocessing,
        classes=vocabulary.labels, open_set=True, threshold=0.5, data=_data_summary(parts["train"]),
        licence=LICENCE, training={}, metrics={},
    )  # fmt: skip
    if begun is not None and checkpoint is not None:
        check_checkpoint(begun, checkpoint, module)
    open_run(run, config)
    first_batch = 0 if checkpoint is None else int(checkpoint["global_step"])
    windows = RandomWindows(parts["train"], vocabulary.labels, config, first_batch)
    best = ModelCheckpoint(run, "best-{step}-{val:.4f}", monitor="val", mode="max", save_weights_only=False)
    best.CHECKPOINT_EQUALS_CHAR = "_"
    # Written after each validation, so that it knows the best one too.
    newest = ModelCheckpoint(run, "last", save_on_train_epoch_end=False, enable_version_counter=False)
    trainer = L.Trainer(
        max_steps=config.steps,
        precision=config.precision,
        val_check_interval=min(config.validate_every, config.steps),
        check_val_every_n_epoch=None,
        gradient_clip_val=5.0,
        num_sanity_val_steps=0,
        log_every_n_steps=50,
        callbacks=[best, newest, LearningRateMonitor("step"), RunProgressBar()],
        logger=CSVLogger(run, name="log"),
        default_root_dir=run,
        enable_model_summary=False,
        plugins=[WholeCheckpoints()],
    )
    clips = _validation_clips(parts["val"], config)
    validation: DataLoader = DataLoader(cast(Any, clips), batch_size=None)  # a list does for a data set
    fit(trainer, module, DataLoader(windows, batch_size=None), validation, run, begun)
    # By its name alone: the run's folder may have been moved since.
    checkpoint = read_checkpoint(run / (Path(best.best_model_path).name or LAST))
    prefix = "network."
    network.load_state_dict(
        {k.removeprefix(prefix): v for k, v in checkpoint["state_dict"].items() if prefix in k}
    )
    training = {
        "config": config.model_dump(mode="json"),
        "best_step": int(checkpoint["global_step"]),
        "commit": commit(),
        "date": datetime.date.today().isoformat(),
    }
    probability = float(best.best_model_score or 0.0)
    if config.soup or config.blend:
        average(network.eval(), soup)
        training["blend"], probability = choose_blend(network, beginning, (0.0, *config.blend), clips)
    metrics = {"validation_probability": round(probability, 4)}
    real = [e for e in parts["val"] if e.clip.dataset in REAL_LANDMARKS]
    recognizer = Recognizer.of(network, drafted, device="cpu")
    judged = [classify(recognizer, example) for example in real or parts["val"]]
    # Lab recordings promise more than a webcam keeps.
    threshold = choose_threshold(judged, wanted=0.92 if real else 0.95, refused=0.8)
    update = {"threshold": threshold, "training": training, "metrics": metrics}
    card = drafted.model_copy(update=update)
    return weights.save(network, card, weights_dir or run)


def actions_of(config: TrainingConfig) -> Vocabulary:
    """The vocabulary of a configuration, without what is held back.

    Raises:
        ConfigError: the vocabulary, the layout or a label that is held back is unknown.
    """
    for known, key in ((VOCABULARIES, config.vocabulary), (LAYOUTS, config.layout)):
        if key not in known:
            raise ConfigError(f"{key!r} is unknown: choose one of {', '.join(known)}.")
    vocabulary = VOCABULARIES[config.vocabulary]
    for label in config.held_back:
        if label not in vocabulary.labels:
            raise ConfigError(
                f"{label!r} cannot be held back: the vocabulary {vocabulary.name!r} has no such label."
            )
    return vocabulary.without(config.held_back)


def open_corpus(config: TrainingConfig, data: Path) -> dict[str, list[Example]]:
    """The clips of a configuration's vocabulary: "train" and "val"."""
    vocabulary = actions_of(config)
    examples = load_corpus(data, vocabulary, LAYOUTS[config.layout])
    parts = {part: [e for e in examples if e.part == part] for part in ("train", "val")}
    for part, clips in parts.items():
        if not any(example.targets for example in clips):
            raise ConfigError(f"{data} holds no {part} clips of the vocabulary {vocabulary.name!r}.")
    return parts


def window_network(config: TrainingConfig) -> Network:
    """The network of a configuration, untrained."""
    if config.preprocessing.origin == "picture":
        raise ConfigError(
            "origin picture is for prepared data sets: windows have no picture to be placed in."
        )
    layout = LAYOUTS[config.layout]
    labels = actions_of(config).labels
    try:
        network = build(config.network, layout, len(labels) + 1, channels(layout, config.preprocessing))
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if config.start_from is not None:
        begin_with(network, labels, *weights.load(config.start_from))
    return network


def _validation_clips(examples: list[Example], config: TrainingConfig) -> list[ValidationClip]:
    layout = LAYOUTS[config.layout]
    clips = []
    unknown = len(actions_of(config).labels)
    for example in examples:
        windows = clip_windows(example, layout, config.window_seconds, config.frames)
        inputs = [
            network_input(window.joints[0], window.confidence[0], layout, config.preprocessing)[..., None]
            for window in windows
        ]
        targets = (*example.targets, unknown) if example.unknown else example.targets
        real = example.clip.dataset in REAL_LANDMARKS
        clips.append((torch.from_numpy(np.stack(inputs)), targets, real))
    return clips


def _data_summary(examples: list[Example]) -> str:
    counts: dict[str, int] = {}
    for example in examples:
        counts[example.clip.dataset] = counts.get(example.clip.dataset, 0) + 1
    return "training clips: " + ", ".join(f"{name} {count}" for name, count in counts.items())
