"""How many clips a second each network learns from, and how many the loader gives it.

Run as ``python -m benchmarks.training``; --help tells the options. The networks are the papers' own, in full
size, with the settings of their ``<network>/ntu60`` configurations; the clips are NTU RGB+D's, generated and
prepared by the benchmark. Each network has a process of its own, whose peak memory is told. At the end
DualHead-Net takes turns with a straightforward implementation of it.
"""

from __future__ import annotations

import copy
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import torch
import typer

from benchmarks.prepare import write_files
from benchmarks.straightforward import straightforward
from recognizer.data.prepare import prepare
from recognizer.data.prepared import TRAIN
from recognizer.training.clips.config import ClipConfig
from recognizer.training.clips.dataset import ClipDataset
from recognizer.training.clips.fit import clip_loader, clip_network, open_clips
from recognizer.training.clips.module import ClipModule
from recognizer.training.configs import load_config

ROWS = {
    "DualHead-Net": ("dualhead/ntu60",),
    "LSTA-Net": ("lsta/ntu60",),
    "STF-Net": ("stf/ntu60",),
    "SEM-Net": ("sem/ntu60",),
    "SPA-Net 4D": ("spa/ntu60",),
    "SPA-Net 3+1D": ("spa/ntu60", "network.convolution=3+1d"),
}
_FILES = 120


def main(
    steps: Annotated[int, typer.Option(min=1, help="Of the optimiser, of which the median counts.")] = 5,
    frames: Annotated[int, typer.Option(min=1, help="T")] = 64,
    persons: Annotated[int, typer.Option(min=1, max=2, help="M")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Clips a step.")] = 32,
    threads: Annotated[int, typer.Option(min=1, help="Of PyTorch, on the CPU.")] = 2,
    only: Annotated[str | None, typer.Option(help="Measure one network.")] = None,
    data: Annotated[Path | None, typer.Option(hidden=True)] = None,
) -> None:
    """Print a table with one row a network."""
    torch.set_num_threads(threads)
    overrides = [f"frames={frames}", f"persons={persons}", f"batch_size={batch}"]
    if data is not None:
        print(json.dumps(_measure(only, overrides, data, steps)))
        return
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {threads} thread(s)"
    print(f"{device}; T = {frames}, M = {persons}, {batch} clips a step, median of {steps}")
    print(f"{'':14} {'ms/step':>8} {'clips/s':>8} {'loader clips/s':>16} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        raw, prepared = Path(folder) / "raw", Path(folder) / "prepared"
        write_files(raw, _FILES)
        prepare("ntu60", raw, prepared)
        for name in [only] if only else ROWS:
            options = {"steps": steps, "frames": frames, "persons": persons, "batch": batch}
            command = [sys.executable, "-m", "benchmarks.training", "--only", name, "--data", str(prepared)]
            command += [f"--{key}={value}" for key, value in (options | {"threads": threads}).items()]
            row = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
            rate = 1000 * batch / row["step_ms"]
            loader = f"{row['loader']:8.0f} ({row['loader'] / rate:4.0f}x)"
            print(
                f"{name:14} {row['step_ms']:8.0f} {rate:8.1f} {loader:>16} {row['peak_mb']:8.0f}", flush=True
            )
        if only in (None, "DualHead-Net"):
            ours, plain = _take_turns(overrides, prepared, steps)
            print(
                f"DualHead-Net, ms/step: ours {ours:.0f}, straightforward {plain:.0f} ({plain / ours:.2f}x)"
            )


def _measure(name: str, overrides: list[str], data: Path, steps: int) -> dict[str, float]:
    path, *more = ROWS[name]
    config = load_config(path, overrides + more)
    clips, parts = open_clips(config, data)
    loader = clip_loader(ClipDataset(clips, parts[TRAIN], config, True), config, config.batch_size)
    start = time.perf_counter()
    batches = list(loader)
    loaded = len(parts[TRAIN]) / (time.perf_counter() - start)

    step = _Step(clip_network(config, clips), config, batches)
    return {
        "step_ms": statistics.median([step() for _ in range(steps + 1)][1:]),
        "loader": loaded,
        "peak_mb": _peak_memory(step.device),
    }


def _take_turns(overrides: list[str], data: Path, steps: int) -> tuple[float, float]:
    """Milliseconds a step of DualHead-Net, ours and the straightforward one."""
    config = load_config(ROWS["DualHead-Net"][0], overrides)
    clips, parts = open_clips(config, data)
    batches = list(clip_loader(ClipDataset(clips, parts[TRAIN], config, True), config, config.batch_size))
    network = clip_network(config, clips)
    ours, plain = (
        _Step(each, config, batches) for each in (network, straightforward(copy.deepcopy(network)))
    )
    times = [(ours(), plain()) for _ in range(steps + 1)][1:]
    return tuple(statistics.median(each) for each in zip(*times, strict=True))


class _Step:
    """A training step on the first batch; called, it tells its milliseconds."""

    def __init__(self, network: torch.nn.Module, config: ClipConfig, batches: list):
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._module = ClipModule(network, config, len(batches)).to(self.device).train()
        self._module.log_dict = lambda *_, **__: None  # there is no Trainer that would want it
        self._optimizer = self._module.configure_optimizers()["optimizer"]
        self._batch = [tensor.to(self.device) for tensor in batches[0]]

    def __call__(self) -> float:
        start = time.perf_counter()
        self._optimizer.zero_grad()
        self._module.training_step(self._batch, 0).backward()
        self._optimizer.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return 1000 * (time.perf_counter() - start)


def _peak_memory(device: torch.device) -> float:
    """Megabytes: the GPU's, or those of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    import resource  # Unix alone has it

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    typer.run(main)
