"""From pictures to skeletons: sources, pose estimation, tracking, layouts and the sliding window."""
