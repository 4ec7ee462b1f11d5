"""How well scores tell clips of unknown actions from the others, on validation people of real cameras.

Run as ``python -m benchmarks.unknown WEIGHTS --data DATA``. Compared are the highest probability of a label,
the energy of the labels' logits (Liu et al. 2020), the cosine to the nearest class mean in the embedding,
over the training clips, and the probability that the network's own output for the unknown leaves. A clip's
score is the mean over its windows. For each, the area under the curve of known against unknown clips, and
what is left where 80 % of the unknown clips are refused.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer

from pose.layouts import LAYOUTS
from recognizer import weights
from recognizer.card import WeightsCard
from recognizer.data.corpus import Example, load_corpus
from recognizer.data.real_landmarks import REAL_LANDMARKS
from recognizer.networks.protocol import Network
from recognizer.preprocess import network_input
from recognizer.training.windows.dataset import clip_windows
from recognizer.vocabulary import VOCABULARIES

_REFUSED = 0.8


def main(
    name: Annotated[str, typer.Argument(help="Weights, by name or path.")],
    data: Annotated[Path, typer.Option(help="Folder with one folder a data set.")],
    seed: Annotated[int, typer.Option(help="Of the training clips that the means are made of.")] = 0,
) -> None:
    """Print a table with one row a score."""
    torch.set_num_threads(1)
    network, card = weights.load(name)
    vocabulary = next(v for v in VOCABULARIES.values() if v.labels == card.classes)
    examples = load_corpus(data, vocabulary, LAYOUTS[card.layout])
    rng = np.random.default_rng(seed)
    means = class_means(network, card, [e for e in examples if e.part == "train"], rng)
    judged = [e for e in examples if e.part == "val" and e.clip.dataset in REAL_LANDMARKS]
    scores: dict[str, list[float]] = defaultdict(list)
    right = []
    for example in judged:
        logits, embedded = answers(network, card, example)
        right.append(int(logits.softmax(1)[:, : len(card.classes)].mean(0).argmax()) in example.targets)
        for title, score in scores_of(logits, embedded, means, len(card.classes), card.open_set).items():
            scores[title].append(score)
    unknown = np.array([example.unknown for example in judged])
    hit = np.array(right)
    print(f"{card.name}: {(~unknown).sum()} clips of known actions, {unknown.sum()} of unknown ones")
    print(f"{'':32} {'area':>6} {'known kept':>11} {'right of these':>15}")
    for title, values in scores.items():
        score = np.array(values)
        threshold = np.quantile(score[unknown], _REFUSED)
        kept = ~unknown & (score > threshold)
        print(
            f"{title:32} {area(score, unknown):6.3f} {kept.sum() / (~unknown).sum():11.1%} "
            f"{hit[kept].mean():15.1%}"
        )


def scores_of(
    logits: torch.Tensor, embedded: torch.Tensor, means: torch.Tensor, labels: int, open_set: bool
) -> dict[str, float]:
    """The scores of a clip: the higher, the surer that it shows one of the labels.

    Args:
        logits: (N, labels), of open-set weights (N, labels + 1), of the clip's N windows.
        embedded: (N, D).
        means: (classes, D) of length 1.
    """
    own = logits[:, :labels]
    shares = logits.softmax(1)[:, :labels]
    cosine = torch.nn.functional.normalize(embedded, dim=1) @ means.T
    scores = {
        "highest probability": shares.mean(0).max(),
        "energy": own.logsumexp(1).mean(),
        "nearest class mean": cosine.mean(0).max(),
    }
    if open_set:
        scores["output of its own"] = shares.sum(1).mean()
        scores["highest among the labels alone"] = own.softmax(1).mean(0).max()
    return {title: float(score) for title, score in scores.items()}


def area(score: np.ndarray, unknown: np.ndarray) -> float:
    """Probability that a clip of a known action has the higher score of two, the other being unknown."""
    pairs = score[~unknown][:, None] - score[unknown][None]
    return float(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def answers(network: Network, card: WeightsCard, example: Example) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and embeddings of all windows of a clip."""
    layout = LAYOUTS[card.layout]
    inputs = [
        network_input(window.joints[0], window.confidence[0], layout, card.preprocessing)[..., None]
        for window in clip_windows(example, layout, card.window_seconds, card.frames)
    ]
    x = torch.from_numpy(np.stack(inputs))
    with torch.inference_mode():
        return network.forward_in_full(x)[:2]


def class_means(
    network: Network,
    card: WeightsCard,
    examples: list[Example],
    rng: np.random.Generator,
    most: int = 20,
) -> torch.Tensor:
    """(classes, D) of length 1: the mean embedding of up to ``most`` training clips of each class."""
    means = []
    for label in range(len(card.classes)):
        clips = [e for e in examples if e.targets == (label,) and not e.unknown]
        chosen = rng.permutation(len(clips))[:most]
        embedded = [answers(network, card, clips[index])[1].mean(0) for index in chosen]
        if embedded:
            means.append(torch.nn.functional.normalize(torch.stack(embedded).mean(0), dim=0))
    return torch.stack(means)


if __name__ == "__main__":
    typer.run(main)
