"""Choices of weights, as people write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizer.card import WeightsError
from recognizer.choice import Choice, parse_choice


@pytest.mark.parametrize(
    ("text", "names", "shares"),
    [
        ("a", ("a",), (1.0,)),
        ("a+b", ("a", "b"), (0.5, 0.5)),
        (" a + b", ("a", "b"), (0.5, 0.5)),
        ("a*0.6+b*0.4", ("a", "b"), (0.6, 0.4)),
        ("a*3+b", ("a", "b"), (0.75, 0.25)),
        ("a*1e2 + b*3e2", ("a", "b"), (0.25, 0.75)),
        (Path("folder/a.safetensors"), ("folder/a.safetensors",), (1.0,)),
    ],
)
def test_what_people_write(text, names, shares):
    choice = parse_choice(text)
    assert choice.names == names
    assert choice.shares == pytest.approx(shares)


def test_a_known_name_or_a_file_is_one_set_whatever_it_holds(tmp_path: Path):
    assert parse_choice("a*0.6+b", known=["a*0.6+b"]).names == ("a*0.6+b",)
    file = tmp_path / "a+b.safetensors"
    file.touch()
    assert parse_choice(file).names == (str(file),)


@given(st.lists(st.floats(0.001, 1000), min_size=2, max_size=5))
def test_the_text_of_a_choice_is_that_choice(shares: list[float]):
    choice = Choice.of([f"set-{number}" for number in range(len(shares))], shares)
    again = parse_choice(str(choice))
    assert again.names == choice.names and sum(again.shares) == pytest.approx(1)
    assert again.shares == pytest.approx(choice.shares, rel=1e-5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a+a", "a is named more than once"),
        ("a+b*0", "share of b must be a positive number, not 0"),
        ("a+b*nan", "not nan"),
        ("a+b*-1", "not -1"),
        ("a+b*much", "'much' in 'a\\+b\\*much' is no share"),
        ("a+", "have a name"),
        ("+", "have a name"),
        ("+".join(map(str, range(17))), "17 sets of weights are too many"),
    ],
)
def test_what_cannot_be_is_a_sentence(text: str, words: str):
    with pytest.raises(WeightsError, match=words) as told:
        parse_choice(text)
    assert str(told.value).endswith(".")
