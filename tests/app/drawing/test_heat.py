"""What a network looked at as figures, from hand-made maps and from real networks."""

from __future__ import annotations

import json

import numpy as np
import pytest

from app.core.attention import WindowAttention, window_attention
from app.drawing.heat import MOST_LINES, MOST_VOXELS, figures, panel, ticks_of_clip, ticks_until_now
from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from pose.mapping import to_layout
from pose.skeleton import SkeletonSequence
from recognizer.attention import ActiveVoxels, AttentionMaps
from recognizer.networks.dualhead import DualHeadConfig
from recognizer.networks.sem import SEMConfig
from recognizer.networks.spa import SPAConfig
from recognizer.networks.stf import STFConfig
from recognizer.predictor import Recognizer
from recognizer.preprocess import Preprocessing
from recognizer.upright import from_first_frame
from recognizer.weights import build_network
from tests.doubles import open_hand

WRIST = KINETICS_18.index("right_wrist")
TICKS = ticks_until_now(3.0)


@pytest.fixture
def looked(fakes):
    """Somebody stands with the right wrist, on the picture's left, away from the body; gives their window."""

    def make(maps: AttentionMaps, layout=KINETICS_18, frames: int = 32) -> WindowAttention:
        joints, confidence = to_layout(fakes.pose(), layout)
        return window_attention(
            7,
            SkeletonSequence(
                np.repeat(joints[None, None], frames, 1), np.repeat(confidence[None, None], frames, 1),
                np.linspace(2.0, 5.0, frames), layout,
            ),
            maps,
        )  # fmt: skip

    return make


def responses(layout=KINETICS_18, times: int = 8, joint: int = WRIST) -> np.ndarray:
    """(times, V): one joint at 1 at the end of the window, all others at 0.25 throughout."""
    values = np.full((times, len(layout)), 0.25, np.float32)
    values[-1, joint] = 1
    return values


def test_the_strongest_joint_is_the_one_of_value_one_where_the_joint_is(looked):
    (body, _) = figures(looked(AttentionMaps(joints=responses())), mirror=False, ticks=TICKS)
    assert body.values[WRIST] == 1 and sorted(body.values)[-2] == 0.25
    assert body.names[WRIST] == "right wrist" and body.said.startswith("Strongest joints: right wrist")
    # 40 pixels are half a torso of 80: the wrist is half a unit beside the middle and 0.8 above the hips.
    assert body.points[WRIST] == pytest.approx([-0.25, -0.4], abs=0.01)
    assert body.points[KINETICS_18.index("nose")][1] < body.points[WRIST][1], "up is up"


@pytest.mark.parametrize("layout", [KINETICS_18, NTU_25], ids=lambda layout: layout.name)
def test_the_body_is_mirrored_as_the_picture_is(looked, layout):
    maps = AttentionMaps(joints=np.zeros((1, len(layout)), np.float32))
    plain, mirrored = (figures(looked(maps, layout), mirror, TICKS)[0].points for mirror in (False, True))
    right = layout.index("right_shoulder")
    assert plain[right][0] < -0.1, "a person who faces the camera has their right on the picture's left"
    assert mirrored[right] == pytest.approx([-plain[right][0], plain[right][1]])
    assert plain[layout.index("left_ankle")][1] > 0 > plain[right][1], "feet below, shoulders above the hips"


def test_joints_that_were_not_seen_have_no_place(looked, fakes):
    joints, confidence = to_layout(fakes.pose(), KINETICS_18)
    confidence = confidence.copy()
    confidence[WRIST] = 0
    window = SkeletonSequence(joints[None, None], confidence[None, None], np.zeros(1), KINETICS_18)
    (body,) = figures(
        window_attention(0, window, AttentionMaps(joints=np.ones((1, 18), np.float32))), True, TICKS
    )
    assert [joint for joint, point in enumerate(body.points) if point is None] == [WRIST]


def test_joints_and_moments_over_time(looked):
    frames = np.linspace(0, 1, 8, dtype=np.float32)
    _, time = figures(looked(AttentionMaps(joints=responses(), frames=frames)), True, TICKS)
    assert time.rows[WRIST] == "right wrist" and len(time.rows) == len(time.cells) == 18
    assert time.cells[WRIST] == [0.25] * 7 + [1]
    assert time.curve == pytest.approx(frames.tolist(), abs=1e-3)
    assert time.ticks == [(0.0, "−3 s"), (0.333, "−2 s"), (0.667, "−1 s"), (1.0, "now")]
    assert "right wrist" in time.said and "94 %" in time.said


def test_moments_alone_and_joints_without_time(looked):
    gates = AttentionMaps(joints=np.full((1, 18), 0.4, np.float32), frames=np.full(4, 0.7, np.float32))
    body, time = figures(looked(gates), True, TICKS)
    assert body.values == [0.4] * 18, "a gate keeps its value"
    assert time.rows == () and time.curve == [0.7] * 4
    assert figures(looked(AttentionMaps()), True, TICKS) == []


def test_one_value_means_the_same_in_every_window(looked):
    strong, weak = responses(), 0.5 * responses()
    first, second = (figures(looked(AttentionMaps(joints=each)), True, TICKS) for each in (strong, weak))
    assert first[0].values[WRIST] == 1 and second[0].values[WRIST] == 0.5, "nothing is stretched again"
    assert second[1].cells[WRIST][-1] == 0.5


def test_relations_of_joints_are_the_strongest_lines(looked):
    relations = np.random.default_rng(0).dirichlet(np.ones(18), 18).astype(np.float32)
    relations[WRIST] = 0
    relations[WRIST, WRIST] = relations[WRIST, 0] = 0.5
    relations[WRIST, 3] = 2  # stronger than any other
    (body,) = figures(looked(AttentionMaps(relations=(relations,))), True, TICKS)
    assert body.title == "Relations" and body.values is None
    assert len(body.lines) == MOST_LINES
    assert body.lines[-1] == (WRIST, 3, 1.0), "the strongest is drawn last, on top"
    assert all(a != b for a, b, _ in body.lines)
    strengths = [value for _, _, value in body.lines]
    assert strengths == sorted(strengths) and strengths[0] > 0
    assert body.said.startswith("Strongest relations: right wrist to right elbow")


def test_relations_of_parts_are_a_grid(looked):
    relations = np.zeros((18, 5), np.float32)
    relations[WRIST, 2] = 0.8
    (grid,) = figures(looked(AttentionMaps(relations=(relations,))), True, TICKS)
    assert grid.columns == ("left eye", "left elbow", "right elbow", "left knee", "right knee")
    assert grid.cells[WRIST] == [0, 0, 1, 0, 0] and grid.rows[WRIST] == "right wrist"
    assert grid.said == "Strongest: right wrist to the part around right elbow"


def test_learned_relations_have_a_body_of_their_own(looked):
    learned = np.full((18, 18), -0.5, np.float32)
    learned[WRIST, 0] = 0.1
    relations = np.full((18, 18), 1 / 18, np.float32)
    now, always = figures(looked(AttentionMaps(relations=(relations,), regularisation=learned)), True, TICKS)
    assert (now.title, always.title) == ("Relations", "Learned for every window")
    assert always.lines == [(WRIST, 0, 1.0)], "what is not preferred is no line"
    untrained = figures(looked(AttentionMaps(regularisation=0 * learned)), True, TICKS)
    assert untrained[0].lines == []


def test_voxels_stand_where_the_body_is(looked):
    layout = NTU_25
    joint = layout.index("right_wrist")
    place = looked(AttentionMaps(), layout).body[joint]
    voxels = ActiveVoxels(
        np.stack([place, place + [0, 1, 0]]).astype(np.float32), np.array([0, 31]),
        np.array([1, 0.5], np.float32), 0.1,
    )  # fmt: skip
    (space,) = figures(looked(AttentionMaps(voxels=voxels), layout), True, TICKS)
    body, _ = figures(looked(AttentionMaps(joints=np.zeros((2, 25), np.float32)), layout), True, TICKS)
    x, y = body.points[joint]
    assert space.voxels[0][:2] == pytest.approx([x, -y]) and space.voxels[0][3] == 1
    assert space.voxels[1][1] == pytest.approx(-y + 1), "up is up"
    assert len(space.bones) == len(layout.bones) and space.side == 0.1


def test_flat_voxels_have_time_as_their_third_axis_and_the_weakest_are_left_out(looked):
    count = MOST_VOXELS + 10
    voxels = ActiveVoxels(
        np.zeros((count, 2), np.float32), np.arange(count) % 32,
        np.linspace(1, 0, count, dtype=np.float32), 0.1,
    )  # fmt: skip
    (space,) = figures(looked(AttentionMaps(voxels=voxels)), True, TICKS)
    assert len(space.voxels) == MOST_VOXELS and space.voxels[-1][3] > 0.01
    depths = [z for _, _, z, _ in space.voxels]
    assert min(depths) == depths[0] < 0 < depths[31] == max(depths), "the newest is in front"


def test_ticks_of_a_clip_are_whole_seconds_within_it():
    assert ticks_of_clip(2.25, 5.25) == [(0.25, "3 s"), (0.583, "4 s"), (0.917, "5 s")]
    assert ticks_of_clip(-2.0, 1.0) == [(0.667, "0 s"), (1.0, "1 s")]
    assert ticks_of_clip(1.0, 1.0) == []


@pytest.mark.parametrize(
    ("config", "kinds"),
    [
        (None, ["body", "time"]),
        (DualHeadConfig(width=0.125), ["body", "time"]),
        (STFConfig(width=0.125), ["body", "time", "grid", "grid"]),
        (SEMConfig(width=0.125), ["body", "body"]),
        (SPAConfig(width=0.125), ["space"]),
    ],
    ids=["lsta", "dualhead", "stf", "sem", "spa"],
)
def test_every_network_has_figures_that_json_can_carry(looked, config, kinds):
    recognizer = Recognizer.untrained("ntu-25")
    if config is not None:
        card = recognizer.card.model_copy(update={"network": config})
        recognizer = Recognizer.of(build_network(card), card)
    window = looked(AttentionMaps(), NTU_25)
    rng = np.random.default_rng(0)
    joints = window.body + rng.normal(scale=0.05, size=(1, 32, 25, 3)).cumsum(1)
    sequence = SkeletonSequence(joints, np.ones((1, 32, 25)), np.linspace(0, 3, 32), NTU_25)
    (prediction,) = recognizer.predict([sequence], attention=True)
    told = panel(window_attention(1, sequence, prediction.attention), True, TICKS)
    assert [figure["kind"] for figure in told["figures"]] == kinds and told["person"] == 1
    assert "NaN" not in json.dumps(told) and len(json.dumps(told)) < 30_000


@pytest.fixture
def hand_window() -> SkeletonSequence:
    """A hand that opens while it moves, its thumb on the picture's right; anywhere in the room."""
    poses = [to_layout(open_hand(curl=curl), SHREC_22)[0] for curl in np.linspace(1, 0, 32)]
    path = np.linspace(0, 1, 32)[:, None, None] * np.float32([0.05, 0.02, 0.0])
    joints = np.stack(poses)[None] + np.float32([0.1, 0.5, -0.3]) + path
    return SkeletonSequence(joints, np.ones((1, 32, 22)), np.linspace(2.0, 5.0, 32), SHREC_22)


@pytest.mark.parametrize("mirror", [False, True])
def test_a_hand_is_shown_from_its_wrist_as_large_as_a_body(hand_window, mirror):
    looked = window_attention(0, hand_window, AttentionMaps(joints=np.ones((1, 22), np.float32)))
    (hand,) = figures(looked, mirror, TICKS)
    places = dict(zip(SHREC_22.joints, hand.points, strict=True))
    assert places["wrist"] == [0, 0]
    assert (places["thumb_tip"][0] > 0.3) is not mirror and (places["little_tip"][0] < -0.3) is not mirror
    assert np.linalg.norm(places["middle_tip"]) == pytest.approx(1.6, rel=0.15)
    assert places["middle_tip"][1] < places["middle_base"][1] < 0, "up is up"
    assert len(hand.bones) == 21 and hand.names[1] == "palm"


def test_voxels_of_a_hand_stand_where_the_hand_is(hand_window):
    tip = SHREC_22.index("index_tip")
    seen = from_first_frame(hand_window.joints, hand_window.confidence > 0, SHREC_22)  # by the network
    voxels = ActiveVoxels(seen[0, -1, tip][None], np.array([31]), np.array([1], np.float32), 0.1)
    looked = window_attention(0, hand_window, AttentionMaps(voxels=voxels))
    (space,) = figures(looked, False, TICKS)
    bone = SHREC_22.bones.index((tip, SHREC_22.parents[tip]))
    assert space.voxels[0][:3] == pytest.approx(space.bones[bone][0], abs=2e-3)
    assert 0.05 < space.side < 0.15


def test_a_hand_that_was_never_seen_has_no_place(hand_window):
    unseen = SkeletonSequence(
        0 * hand_window.joints, 0 * hand_window.confidence, hand_window.timestamps, SHREC_22
    )
    (hand,) = figures(
        window_attention(0, unseen, AttentionMaps(joints=np.ones((1, 22), np.float32))), True, TICKS
    )
    assert hand.points == [None] * 22


@pytest.mark.parametrize(
    ("config", "kinds"),
    [
        (SEMConfig(width=0.125), ["body", "body"]),
        (SPAConfig(width=0.125), ["space"]),
        (STFConfig(width=0.125), ["body", "time", "grid"]),
    ],
    ids=["sem", "spa", "stf"],
)
def test_networks_of_hands_have_figures(hand_window, config, kinds):
    card = Recognizer.untrained().card.model_copy(
        update={
            "network": config,
            "layout": "shrec-22",
            "preprocessing": Preprocessing(origin="spine", confidence=False),
        }
    )
    (prediction,) = Recognizer.of(build_network(card), card).predict([hand_window], attention=True)
    looked = window_attention(1, hand_window, prediction.attention)
    told = panel(looked, True, TICKS)
    assert [figure["kind"] for figure in told["figures"]] == kinds
    assert "NaN" not in json.dumps(told)
    for figure in told["figures"]:
        for x, y, z, _ in figure.get("voxels", []):
            assert np.abs([x, y, z]).max() < 2, "within the hand's room"
