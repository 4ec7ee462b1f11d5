"""People in the frames between two that were analysed."""

from __future__ import annotations

from pose.skeleton import PersonPose


def between(
    before: dict[int, PersonPose], after: dict[int, PersonPose], share: float
) -> dict[int, PersonPose]:
    """Everybody seen before or after, by id, as they move from one to the other.

    Args:
        before, after: the people of two frames.
        share: of the time from the first to the second, 0 to 1. Who is in one of them only is shown, where
            they are there, in the half of the time that is nearer to it.
    """
    nearer = before if share < 0.5 else after
    return {
        person: _moved(before[person], after[person], share) if person in before and person in after else pose
        for person, pose in nearer.items()
    }


def _moved(before: PersonPose, after: PersonPose, share: float) -> PersonPose:
    def mixed(name: str):
        return getattr(before, name) * (1 - share) + getattr(after, name) * share

    return PersonPose(mixed("image"), mixed("world"), mixed("visibility"), after.frame_size, after.layout)
