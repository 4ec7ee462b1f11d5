"""Every network on one window: size, multiply-adds, milliseconds as written and as used live, memory.

Run as ``python -m benchmarks.networks``; --help tells the options. First the papers' own configurations on
NTU-25, T = 64, one person, with random weights; then the weights that are installed. The network as written
(eager), the form that recognises live (``FrozenNetwork``; SPA-Net has none) and the latter with what it takes
to turn its attention into maps take turns. The memory is what one eager forward pass adds to a process of its
own.
"""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from pose.layouts import LAYOUTS, NTU_25
from recognizer import weights
from recognizer.attention import attention_maps
from recognizer.frozen import FrozenNetwork
from recognizer.networks import NETWORKS, TITLES, build
from recognizer.networks.spa import SPAConfig, SPANet
from recognizer.preprocess import channels

FRAMES = 64
PAPERS = {TITLES[kind().name]: kind() for kind in NETWORKS} | {"SPA-Net 3+1D": SPAConfig(convolution="3+1d")}


def main(
    runs: Annotated[int, typer.Option(min=1, help="Forward passes of each kind.")] = 20,
    threads: Annotated[int, typer.Option(min=1, help="Of PyTorch; the application uses 1.")] = 1,
    only: Annotated[
        str | None, typer.Option(help="Measure the memory of one row and print nothing else.")
    ] = None,
) -> None:
    """Print a table with one row a network."""
    torch.set_num_threads(threads)
    if only is not None:
        print(_added_memory(*_row(only)))
        return
    print(f"{threads} thread(s), median of {runs}")
    print(f"{'':28} {'Mparam':>7} {'GMAC':>6} {'eager':>7} {'live ms':>15} {'with attention':>15} {'MB':>6}")
    for name in (*PAPERS, *weights.available()):
        network, x = _row(name)
        eager, live, attending = _times(network, x, runs)
        size = sum(parameter.numel() for parameter in network.parameters()) / 1e6
        command = [sys.executable, "-m", "benchmarks.networks", "--threads", str(threads), "--only", name]
        memory = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(
            f"{name:28} {size:7.3f} {_multiply_adds(network, x):6.2f} {eager:7.1f} "
            f"{live:7.1f} ({live / eager:5.0%}) {attending:7.1f} ({attending / live - 1:+4.0%}) {memory:6.0f}"
        )


def _row(name: str) -> tuple[nn.Module, Tensor]:
    """A network and a window: somebody who stands and swings."""
    torch.manual_seed(0)
    if name in PAPERS:
        layout, frames, in_channels = NTU_25, FRAMES, 3
        network = build(PAPERS[name], layout, 60, in_channels).eval()
    else:
        network, card = weights.load(name)
        layout, frames = LAYOUTS[card.layout], card.frames
        in_channels = channels(layout, card.preprocessing)
    swing = torch.sin(torch.linspace(0, 6, frames))[:, None, None]
    body = torch.randn(1, in_channels, 1, len(layout), 1)
    return network, body + 0.3 * swing * torch.randn_like(body)


def _times(network: nn.Module, x: Tensor, runs: int) -> tuple[float, ...]:
    """Median milliseconds as written, live, and live with attention."""
    live = network.forward_in_full if isinstance(network, SPANet) else FrozenNetwork(network, x)
    kinds = (network, live, lambda window: attention_maps(live(window)[2]))
    taken: tuple[list[float], ...] = ([], [], [])
    with torch.inference_mode():
        for number in range(runs + 2):
            for kind, times in zip(kinds, taken, strict=True):
                start = time.perf_counter()
                kind(x)
                if number >= 2:
                    times.append(1000 * (time.perf_counter() - start))
    return tuple(statistics.median(times) for times in taken)


def _multiply_adds(network: nn.Module, x: Tensor) -> float:
    """In units of 1e9; matrix products and convolutions count."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(x)
    return counter.get_total_flops() / 2e9


def _added_memory(network: nn.Module, x: Tensor) -> float:
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
