"""Weights and their cards, and checkpoints, of which something is odd."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import odd_json
from benchmarks.stress.inputs.damage import damaged
from benchmarks.stress.inputs.programs import Program

Tensors = dict[str, torch.Tensor]


def odd_weights(sound: Path, folder: Path, rng: np.random.Generator) -> Path:
    """A copy of sound weights with something odd in the card, in the tensors, or in their file.

    Args:
        sound: the .safetensors file, its card beside it.
        folder: where the copy is made.
        rng: decides what is odd.

    Returns:
        What is to be loaded.
    """
    data, card = sound.read_bytes(), sound.with_suffix(".json").read_bytes()
    path = folder / sound.name
    kind = rng.integers(6)
    if kind == 0:
        data = damaged(data, rng) if rng.random() < 0.7 else _lying(data, rng)
    elif kind == 1:
        data = _odd_tensors(data, rng)
    elif kind == 5:
        _odd_files(path, data, card, rng)
        return path
    content = json.loads(card)
    if rng.random() < 0.9:
        content["sha256"] = hashlib.sha256(data).hexdigest()
    card = odd_json(content, rng) if kind in (2, 3, 4) else json.dumps(content).encode()
    path.write_bytes(data)
    path.with_suffix(".json").write_bytes(card)
    return path


def _odd_tensors(data: bytes, rng: np.random.Generator) -> bytes:
    """Numbers that no training gives, other shapes, other types, a tensor too many or too few."""
    tensors: Tensors = safetensors.torch.load(data)
    name = list(tensors)[rng.integers(len(tensors))]
    tensor = tensors[name].clone()
    kind = rng.integers(7)
    if kind < 3 and tensor.is_floating_point() and tensor.numel():
        flat = tensor.reshape(-1)
        count = int(rng.choice([1, flat.numel()]))
        places = torch.from_numpy(rng.integers(0, flat.numel(), count))
        flat[places] = torch.tensor(numbers.odd(rng), dtype=torch.float64).to(flat.dtype)
        tensors[name] = flat.reshape(tensor.shape)
    elif kind == 3:
        tensors[name] = tensor.to((torch.float64, torch.float16, torch.int32, torch.bool)[rng.integers(4)])
    elif kind == 4:
        tensors[name] = tensor.reshape(-1) if tensor.dim() != 1 else torch.zeros(3 * tensor.numel() + 1)
    elif kind == 5:
        del tensors[name]
    else:
        tensors[("x", "", name + ".x", "\u202e")[rng.integers(4)]] = torch.zeros(3)
    return safetensors.torch.save(tensors)


def _lying(data: bytes, rng: np.random.Generator) -> bytes:
    """A header of another length, or of tensors that lie elsewhere or are larger."""
    (length,) = struct.unpack_from("<Q", data)
    if rng.random() < 0.4:
        return struct.pack("<Q", int(rng.choice([0, 1, length - 1, length + 1, 2**31, 2**62]))) + data[8:]
    head = odd_json(json.loads(data[8 : 8 + length]), rng)
    return struct.pack("<Q", len(head)) + head + data[8 + length :]


def _odd_files(path: Path, data: bytes, card: bytes, rng: np.random.Generator) -> None:
    """Files that are missing, folders, links without end, devices, or something else altogether."""
    victim, other = path, path.with_suffix(".json")
    contents = (data, card)
    if rng.random() < 0.5:
        victim, other, contents = other, victim, (card, data)
    other.write_bytes(contents[1])
    kind = rng.integers(6)
    if kind == 0:
        victim.mkdir()
    elif kind == 1:
        victim.symlink_to("/dev/zero")
    elif kind == 2:
        victim.symlink_to(victim.name)
    elif kind == 3:
        victim.write_bytes(b"")
    elif kind == 4:
        victim.write_bytes(rng.bytes(1000))


def odd_name(sound: Path, rng: np.random.Generator) -> str:
    """A name or a fusion of weights that may not mean anything."""
    one = str(sound)
    shares = ("*" + numbers.written(rng)[:500], "*0.5", "*", "**2", "*1e308", "")
    parts = [one + shares[rng.integers(len(shares))] for _ in range(int(rng.choice([1, 2, 3, 40])))]
    names = (
        "+".join(parts), "+".join(parts), "+".join(parts), "", "+", "++", "nothing", "../x", "\0", "x" * 5000,
        "/dev/zero",
        "/dev/zero.safetensors", "/proc/self/mem", one + "+", "kinetics-18-lsta-daily+" + one, "a\nb",
        "\udcff",
    )  # fmt: skip
    return names[rng.integers(len(names))]


def odd_checkpoint(sound: dict, folder: Path, marker: Path, rng: np.random.Generator) -> Path:
    """A run's folder whose checkpoint is damaged, of something else, or runs a program when it is unpickled.

    Args:
        sound: a checkpoint's content.
        folder: the run's.
        marker: a file that the program would make.
        rng: decides.
    """
    path = folder / "last.ckpt"
    kind = rng.integers(7)
    content: object = dict(sound)
    if kind == 0:
        content = Program(marker)
    elif kind == 1:
        content = {**sound, "state_dict": Program(marker)}
    elif kind == 2:
        del content[list(sound)[rng.integers(len(sound))]]
    elif kind == 3:
        odd = (None, [], 5, "x", torch.zeros(3), {"a": np.float64(1)}, float("nan"))
        content = odd[rng.integers(len(odd))]
    buffer = io.BytesIO()
    torch.save(content, buffer)
    data = buffer.getvalue()
    if kind == 4:
        data = damaged(data, rng)
    elif kind == 5:
        data = (b"", b"PK\x03\x04", pickle.dumps(Program(marker)), rng.bytes(1000))[rng.integers(4)]
    path.write_bytes(data)
    if rng.random() < 0.3:
        (folder / "previous.ckpt").write_bytes(damaged(data, rng) if data else b"")
    return path
