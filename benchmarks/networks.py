"""Every network on one window: size, multiply-adds, milliseconds as written and as used live, memory.

Run as ``python -m benchmarks.networks``; --help tells the options. First the papers' own configurations on
NTU-25, T = 64, one person, with random weights, which become graphs first (minutes); then the weights that
are installed. These take turns: the network as written (eager), the form that recognises live
(``recognizer.runtime``: a graph, of SPA-Net the network itself), the latter with what it takes to turn its
attention into maps, and, of DualHead-Net, what one writes down first (``benchmarks.straightforward``). The
memory is what one eager forward pass adds to a process of its own. Logits of both forms are compared.
"""

from __future__ import annotations

import copy
import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.straightforward import straightforward
from recognizer import weights
from recognizer.attention import attention_maps
from recognizer.card import WeightsCard
from recognizer.networks import TITLES
from recognizer.networks.build import NETWORKS
from recognizer.networks.configs import DualHeadConfig, SPAConfig
from recognizer.networks.protocol import Network
from recognizer.predictor import untrained_card
from recognizer.preprocess import Preprocessing
from recognizer.runtime.answer import Engine
from recognizer.runtime.graph import FastGraph, can_be_graph, difference, sample_shape
from recognizer.runtime.making import make_graph
from recognizer.runtime.spa import VoxelNetwork

FRAMES = 64
PAPERS = {TITLES[kind().name]: kind() for kind in NETWORKS} | {"SPA-Net 3+1D": SPAConfig(convolution="3+1d")}


def main(
    runs: Annotated[int, typer.Option(min=1, help="Forward passes of each kind.")] = 20,
    threads: Annotated[
        int, typer.Option(min=1, help="That compute; the application takes half the cores.")
    ] = 1,
    name: Annotated[list[str] | None, typer.Option(help="Measure only these rows.")] = None,
    memory_of: Annotated[
        str | None, typer.Option(help="Measure the memory of one row and print nothing else.")
    ] = None,
) -> None:
    """Print a table with one row a network."""
    torch.set_num_threads(threads)
    if memory_of is not None:
        network, card = _row(memory_of)
        print(_added_memory(network, torch.from_numpy(_window(card))))
        return
    print(f"{threads} thread(s), median of {runs}")
    print(
        f"{'':28} {'Mparam':>7} {'GMAC':>6} {'eager':>7} {'live ms':>15} {'with attention':>15} "
        f"{'off by':>8} {'MB':>6}"
    )
    for row in name or (*PAPERS, *weights.available()):
        network, card = _row(row)
        x = _window(card)
        engine = _engine(row, network, card, threads)
        eager, live, attending, *plain = _times(network, engine, x, runs)
        with torch.inference_mode():
            off = difference(engine(x).logits, network(torch.from_numpy(x)).numpy())
        size = sum(parameter.numel() for parameter in network.parameters()) / 1e6
        command = [sys.executable, "-m", "benchmarks.networks", "--memory-of", row]
        memory = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(
            f"{row:28} {size:7.3f} {_multiply_adds(network, torch.from_numpy(x)):6.2f} {eager:7.1f} "
            f"{live:7.1f} ({live / eager:5.0%}) {attending:7.1f} ({attending / live - 1:+4.0%}) {off:8.0e} "
            f"{memory:6.0f}" + "".join(f"  as first written {t:.1f} (live {live / t:.0%})" for t in plain)
        )


def _row(name: str) -> tuple[Network, WeightsCard]:
    if name not in PAPERS:
        return weights.load(name)
    torch.manual_seed(0)
    card = untrained_card("ntu-25", tuple(map(str, range(60))), FRAMES).model_copy(
        update={"network": PAPERS[name], "preprocessing": Preprocessing(confidence=False)}
    )
    return weights.build_network(card).eval(), card


def _window(card: WeightsCard) -> np.ndarray:
    """Somebody who stands and swings, (1, C, T, V, M)."""
    rng = np.random.default_rng(0)
    channels, frames, joints, persons = sample_shape(card)
    swing = np.sin(np.linspace(0, 6, frames))[:, None, None]
    body, range_ = rng.normal(size=(2, 1, channels, 1, joints, persons))
    return (body + 0.3 * swing * range_).astype(np.float32)


def _engine(name: str, network: Network, card: WeightsCard, threads: int) -> Engine:
    if not can_be_graph(card):
        return VoxelNetwork({name: tensor.numpy() for name, tensor in network.state_dict().items()}, card)
    if name in PAPERS:
        return FastGraph(make_graph(network, card), card, threads)
    return FastGraph((weights.weights_folder() / f"{name}.onnx").read_bytes(), card, threads)


def _times(network: Network, engine: Engine, x: np.ndarray, runs: int) -> tuple[float, ...]:
    """Median milliseconds as written, live, live with attention, and of DualHead-Net as first written."""
    window = torch.from_numpy(x)
    kinds: list[Callable[[], object]] = [
        lambda: network(window), lambda: engine(x), lambda: attention_maps(engine(x).attention)
    ]  # fmt: skip
    if isinstance(getattr(network, "config", None), DualHeadConfig):
        plain = straightforward(copy.deepcopy(network))
        kinds.append(lambda: plain(window))
    taken: list[list[float]] = [[] for _ in kinds]
    with torch.inference_mode():
        for number in range(runs + 2):
            for kind, times in zip(kinds, taken, strict=True):
                start = time.perf_counter()
                kind()
                if number >= 2:
                    times.append(1000 * (time.perf_counter() - start))
    return tuple(statistics.median(times) for times in taken)


def _multiply_adds(network: nn.Module, x: torch.Tensor) -> float:
    """In units of 1e9; matrix products and convolutions count."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(x)
    return counter.get_total_flops() / 2e9


def _added_memory(network: nn.Module, x: torch.Tensor) -> float:
    """Megabytes by which a forward pass raises the memory of the process at its peak; NaN without /proc."""
    try:
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    except OSError:
        return math.nan
    before = _memory("VmRSS")
    with torch.inference_mode():
        network(x)
    return _memory("VmHWM") - before


def _memory(entry: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{entry}:"))


if __name__ == "__main__":
    typer.run(main)
