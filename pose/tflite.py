"""TensorFlow Lite models with plain weights.

MediaPipe's models hold their weights in half precision, the person detector's also without their zeros. A
landmarker that opens them makes float32 of them and keeps that beside the copy, in another order, with which
it computes: 45 MB of its 100. Written as float32 once, they are read from the file, in half the time.
Every half is a float32 number, so its landmarks are the same to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_IDENTIFIER = b"TFL3"
_CSR = 1
"""How ``DimensionMetadata.format`` calls an axis of which only some places are kept."""


def with_plain_weights(model: bytes) -> bytes:
    """The model with every weight as a float32 tensor, and without the operators that made them so.

    Args:
        model: a .tflite file of one graph, whose sparse weights leave out zeros along their last axis only.

    Raises:
        ValueError: weights that are kept in another way.
    """
    # Imported here because only the first start on a machine needs them.
    import flatbuffers
    from mediapipe.tasks.metadata import schema_py_generated as schema

    made = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))
    (graph,) = made.subgraphs
    operators, weights = [], {}
    for operator in graph.operators:
        code = made.operatorCodes[operator.opcodeIndex]
        # The older of both fields holds what fits into a byte.
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        if kind not in (schema.BuiltinOperator.DENSIFY, schema.BuiltinOperator.DEQUANTIZE):
            operators.append(operator)
            continue
        (source,), (target,) = operator.inputs, operator.outputs
        if source not in weights:
            weights[source] = _weights(graph.tensors[source], made.buffers, schema.TensorType.FLOAT16)
        weights[target] = weights[source]
    for number, values in weights.items():
        tensor = graph.tensors[number]
        tensor.sparsity = None
        if tensor.type == schema.TensorType.FLOAT32:
            tensor.buffer = len(made.buffers)
            made.buffers.append(schema.BufferT())
            made.buffers[-1].data = np.frombuffer(values.astype(np.float32).tobytes(), np.uint8)
    graph.operators = operators
    builder = flatbuffers.Builder(len(model))
    builder.Finish(made.Pack(builder), file_identifier=_IDENTIFIER)
    return bytes(builder.Output())


def _weights(tensor: Any, buffers: list[Any], half: int) -> np.ndarray:
    """The float16 values of a tensor, whose buffer is emptied."""
    buffer = buffers[tensor.buffer]
    if tensor.type != half or buffer.data is None:
        raise ValueError(f"{tensor.name} is no weight in half precision")
    values = np.frombuffer(bytes(buffer.data), np.float16)
    buffer.data = None
    return values.reshape(tensor.shape) if tensor.sparsity is None else _with_zeros(values, tensor)


def _with_zeros(values: np.ndarray, tensor: Any) -> np.ndarray:
    """Values of the places that are kept, row by row, put where they belong."""
    *axes, last = tensor.sparsity.dimMetadata
    ordered = list(tensor.sparsity.traversalOrder) == list(range(len(tensor.shape)))
    if not ordered or last.format != _CSR or any(axis.format == _CSR for axis in axes):
        raise ValueError(f"{tensor.name} is sparse in another way than along its last axis")
    dense = np.zeros((int(np.prod(tensor.shape[:-1])), tensor.shape[-1]), values.dtype)
    rows = np.repeat(np.arange(len(dense)), np.diff(last.arraySegments.values))
    dense[rows, last.arrayIndices.values] = values
    return dense.reshape(tensor.shape)
