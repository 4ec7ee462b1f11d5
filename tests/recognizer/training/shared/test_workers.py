"""What processes say that load data."""

from __future__ import annotations

import pytest
from torch.utils.data import DataLoader, Dataset

from recognizer.data.clip import DataError
from recognizer.training.shared.workers import told_first_hand

SENTENCE = "clip a: some numbers are not finite."


class Damaged(Dataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        raise DataError(SENTENCE)


@pytest.mark.parametrize("workers", [0, 1])
def test_the_sentence_is_that_of_the_reader(workers: int):
    with pytest.raises(DataError) as caught, told_first_hand():
        list(DataLoader(Damaged(), num_workers=workers))
    assert str(caught.value) == SENTENCE
