"""ONNX graphs of weights that are damaged, of others, or lie about what they are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from benchmarks.stress.inputs import numbers
from benchmarks.stress.inputs.contents import odd_json
from benchmarks.stress.inputs.damage import damaged
from recognizer.runtime.graph import ANSWERS, KEY, sealed


def put_graph(path: Path, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """Writes a graph to a path, or something else.

    Args:
        path: where nothing is yet.
        graphs: sound ones, the right one first.
        rng: decides.
    """
    kind = rng.integers(10)
    if kind == 0:
        _OTHER[rng.integers(len(_OTHER))](path)
    elif kind == 1:
        path.write_bytes(graphs[0 if rng.random() < 0.5 else rng.integers(len(graphs))])
    elif kind < 5:
        path.write_bytes(damaged(graphs[0], rng))
    else:
        model = onnx.load_model_from_string(graphs[0])
        _CHANGES[rng.integers(len(_CHANGES))](model, graphs, rng)
        content = model.SerializeToString()
        path.write_bytes(sealed(content) if rng.random() < 0.8 else content)


def _numbers(model: onnx.ModelProto, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """Some weights are others, or no numbers."""
    tensors = [each for each in model.graph.initializer if each.data_type == onnx.TensorProto.FLOAT]
    tensor = tensors[rng.integers(len(tensors))]
    array = numpy_helper.to_array(tensor).copy()
    flat = array.reshape(-1)
    if flat.size:
        with np.errstate(all="ignore"):
            flat[rng.integers(flat.size, size=int(rng.choice([1, flat.size])))] = numbers.odd(rng)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def _shapes(model: onnx.ModelProto, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """A tensor declares other dimensions, or another type."""
    tensor = model.graph.initializer[rng.integers(len(model.graph.initializer))]
    if rng.random() < 0.3:
        tensor.data_type = int(rng.integers(0, 25))
    else:
        tensor.dims.append(int(rng.choice([0, -1, 2, 2**31, 2**62])))


def _elsewhere(model: onnx.ModelProto, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """A tensor whose numbers lie in another file."""
    tensor = model.graph.initializer[rng.integers(len(model.graph.initializer))]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    places = (
        "/etc/passwd",
        "../../../../etc/passwd",
        "/dev/zero",
        "/proc/self/mem",
        "",
        "nowhere",
        "x" * 5000,
    )
    for key, value in (
        ("location", places[rng.integers(len(places))]),
        ("offset", "0"),
        ("length", str(2**40)),
    ):
        tensor.external_data.add(key=key, value=value)


def _about(model: onnx.ModelProto, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """Other metadata: no key, another graph's, answers that are none."""
    about = {each.key: each for each in model.metadata_props}
    kind = rng.integers(4)
    if kind == 0:
        other = onnx.load_model_from_string(graphs[rng.integers(1, len(graphs))])
        about[KEY].value = next(each.value for each in other.metadata_props if each.key == KEY)
    elif kind == 1:
        about[ANSWERS].value = odd_json(json.loads(about[ANSWERS].value), rng).decode(errors="replace")
    elif kind == 2:
        del model.metadata_props[:]
    else:
        about[KEY].value = numbers.written(rng)


def _network(model: onnx.ModelProto, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """The right key and answers on another network."""
    other = onnx.load_model_from_string(graphs[rng.integers(1, len(graphs))])
    model.graph.CopyFrom(other.graph)


def _outputs(model: onnx.ModelProto, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """An output is missing, has another's name, or comes twice; or the input is another."""
    outputs, kind = model.graph.output, rng.integers(4)
    chosen = outputs[rng.integers(len(outputs))]
    if kind == 0:
        outputs.remove(chosen)
    elif kind == 1:
        chosen.name, outputs[0].name = outputs[0].name, chosen.name
    elif kind == 2:
        outputs.append(chosen)
    else:
        model.graph.input[0].type.tensor_type.shape.dim[rng.integers(1, 5)].dim_value = numbers.whole(rng)


def _nodes(model: onnx.ModelProto, graphs: Sequence[bytes], rng: np.random.Generator) -> None:
    """A step is missing, is another, has another input, or belongs to no known set of them."""
    nodes, kind = model.graph.node, rng.integers(5)
    node = nodes[rng.integers(len(nodes))]
    if kind == 0:
        nodes.remove(node)
    elif kind == 1:
        node.op_type = ("Relu", "Add", "Loop", "Nothing", "", "Expand")[rng.integers(6)]
    elif kind == 2 and node.input:
        node.input[0] = nodes[rng.integers(len(nodes))].output[0]
    elif kind == 3:
        model.opset_import[0].version = numbers.whole(rng) % 2**31
    else:
        model.ir_version = numbers.whole(rng) % 2**31


_CHANGES: tuple[Callable[[onnx.ModelProto, Sequence[bytes], np.random.Generator], None], ...] = (
    _numbers, _numbers, _shapes, _elsewhere, _about, _network, _outputs, _outputs, _nodes, _nodes,
)  # fmt: skip
_OTHER: tuple[Callable[[Path], object], ...] = (
    lambda path: None,
    Path.mkdir,
    Path.touch,
    os.mkfifo,
    lambda path: path.symlink_to("/dev/zero"),
    lambda path: path.symlink_to(path.name),
    lambda path: path.write_bytes(b"PK\x03\x04"),
    lambda path: path.write_bytes(b"\x08\x0a" * 500),
)
