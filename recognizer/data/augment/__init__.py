"""Random windows for training: from where, when, with which side, on whose body, and what of it is seen."""
