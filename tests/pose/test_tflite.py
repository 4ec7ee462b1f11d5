"""Plain weights: what MediaPipe finds with them, what a file keeps, and sparse weights made by hand."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from mediapipe.tasks.metadata import schema_py_generated as schema

from app.drawing.example_clip import render
from pose import bundle
from pose.landmarkers import PEOPLE, VideoLandmarker
from pose.mediapipe_parts import FOLDER
from pose.tflite import with_plain_weights

MODELS = (
    "pose_detection/pose_detection.tflite",
    "pose_landmark/pose_landmark_full.tflite",
    "palm_detection/palm_detection_full.tflite",
    "hand_landmark/hand_landmark_full.tflite",
)
DENSIFY, DEQUANTIZE = schema.BuiltinOperator.DENSIFY, schema.BuiltinOperator.DEQUANTIZE


def read(model: bytes) -> schema.ModelT:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(model, 0))


def kinds(model: schema.ModelT) -> list[int]:
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    return [codes[operator.opcodeIndex] for operator in model.subgraphs[0].operators]


def test_landmarks_are_those_of_the_models_in_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for change in (with_plain_weights, bytes):
        monkeypatch.setattr(bundle, "with_plain_weights", change)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / change.__name__))
        path = bundle.pose_bundle()
        with zipfile.ZipFile(path) as members:
            halves = sum(DEQUANTIZE in kinds(read(members.read(name))) for name in members.namelist())
        assert halves == (2 if change is bytes else 0)
        follower = VideoLandmarker(replace(PEOPLE, bundle=lambda path=path: path), 1)
        people = [follower.follow(render(moment / 10), 100 * moment) for moment in range(8)]
        follower.close()
        assert all(people)
        found.append([(each.image, each.world, each.visibility) for (each,) in people])
    np.testing.assert_array_equal(*(np.concatenate([np.concatenate([i, w[:, :2], w[:, 2:], v[:, None]], 1)
                                                    for i, w, v in each]) for each in found))  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_nothing_else_in_a_model_changes(name: str) -> None:
    content = (FOLDER / "modules" / name).read_bytes()
    before, after = read(content), read(with_plain_weights(content))
    assert kinds(after) == [kind for kind in kinds(before) if kind not in (DENSIFY, DEQUANTIZE)]
    then, now = before.subgraphs[0], after.subgraphs[0]
    assert list(now.inputs) == list(then.inputs) and list(now.outputs) == list(then.outputs)
    assert [list(tensor.shape) for tensor in now.tensors] == [list(tensor.shape) for tensor in then.tensors]
    used = {int(number) for operator in now.operators for number in operator.inputs}
    for number in used:
        tensor = now.tensors[number]
        data = after.buffers[tensor.buffer].data
        assert tensor.type != schema.TensorType.FLOAT16 and tensor.sparsity is None
        if tensor.type == schema.TensorType.FLOAT32 and data is not None:
            assert len(data) == 4 * np.prod(tensor.shape)


def a_model(tensors: list[schema.TensorT], data: list[np.ndarray | None], operators: list[tuple]) -> bytes:
    """A model of these tensors, each with its buffer; operators are (kind, input, output)."""
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs = 3, [graph]
    model.buffers, model.operatorCodes, graph.operators = [], [], []
    for number, (tensor, values) in enumerate(zip(tensors, data, strict=True)):
        tensor.buffer = number
        model.buffers.append(schema.BufferT())
        if values is not None:
            model.buffers[-1].data = np.frombuffer(values.tobytes(), np.uint8)
    for kind, source, target in operators:
        code, operator = schema.OperatorCodeT(), schema.OperatorT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        model.operatorCodes.append(code)
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = [source], [target]
        graph.operators.append(operator)
    graph.tensors, graph.inputs, graph.outputs = tensors, [], [len(tensors) - 1]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def a_tensor(kind: int, shape: tuple[int, ...]) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.type, tensor.shape = kind, list(shape)
    return tensor


def an_axis(size: int, starts: list[int] | None = None, places: list[int] | None = None):
    axis = schema.DimensionMetadataT()
    axis.format, axis.denseSize = int(starts is not None), size
    if starts is not None:
        axis.arraySegmentsType = axis.arrayIndicesType = schema.SparseIndexVector.Uint8Vector
        axis.arraySegments, axis.arrayIndices = schema.Uint8VectorT(), schema.Uint8VectorT()
        axis.arraySegments.values, axis.arrayIndices.values = starts, places
    return axis


def a_sparse_model(order: tuple[int, int] = (0, 1), first: object = None) -> bytes:
    """(3, 4) weights of which [[0, 5, 0, 0], [0, 0, 0, 0], [1, 0, 0, -2]] are kept sparse."""
    half, full = schema.TensorType.FLOAT16, schema.TensorType.FLOAT32
    tensors = [a_tensor(half, (3, 4)), a_tensor(half, (3, 4)), a_tensor(full, (3, 4))]
    sparse = tensors[0].sparsity = schema.SparsityParametersT()
    sparse.traversalOrder = list(order)
    sparse.dimMetadata = [first or an_axis(3), an_axis(4, [0, 1, 1, 3], [1, 0, 3])]
    values = np.array([5, 1, -2], np.float16)
    return a_model(tensors, [values, None, None], [(DENSIFY, 0, 1), (DEQUANTIZE, 1, 2)])


def test_zeros_that_were_left_out_come_back() -> None:
    plain = read(with_plain_weights(a_sparse_model()))
    (result,) = plain.subgraphs[0].outputs
    data = plain.buffers[plain.subgraphs[0].tensors[result].buffer].data
    weights = np.frombuffer(bytes(data), np.float32).reshape(3, 4)
    assert weights.tolist() == [[0, 5, 0, 0], [0, 0, 0, 0], [1, 0, 0, -2]]
    assert not plain.subgraphs[0].operators


@pytest.mark.parametrize(
    "model",
    [a_sparse_model(order=(1, 0)), a_sparse_model(first=an_axis(3, [0, 3], [0, 1, 2]))],
    ids=["columns first", "rows left out"],
)
def test_weights_kept_in_another_way_are_refused(model: bytes) -> None:
    with pytest.raises(ValueError, match="is sparse in another way"):
        with_plain_weights(model)


def test_eight_bits_are_refused() -> None:
    tensors = [a_tensor(schema.TensorType.INT8, (2,)), a_tensor(schema.TensorType.FLOAT32, (2,))]
    model = a_model(tensors, [np.array([1, 2], np.int8), None], [(DEQUANTIZE, 0, 1)])
    with pytest.raises(ValueError, match="no weight in half precision"):
        with_plain_weights(model)
