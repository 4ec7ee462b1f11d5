"""Whole videos: frames in; actions of each person, and a video with them drawn in, out."""
