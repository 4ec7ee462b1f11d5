"""From pictures to skeletons: sources, pose estimation, tracking, layouts and the sliding window."""

import os

# OpenCV reads it once, when it is imported, and every module that does so lies in this package or in app. It
# takes up to 2^30 pixels in a picture file otherwise, 3 GB; videos are not decoded by it.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**26))
