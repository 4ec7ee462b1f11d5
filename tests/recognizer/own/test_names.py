"""Names of own actions: those of any language, and none that leads elsewhere."""

from __future__ import annotations

import os

import pytest

from recognizer.own.collection import Collections
from recognizer.own.errors import CollectionError
from recognizer.own.names import checked_name
from tests.recognizer.own.motions import recording


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "..",
        "../x",
        "a/b",
        "a\\b",
        "/etc",
        ".hidden",
        "x" * 61,
        "a\nb",
        "a\0b",
        "CON",
        "nul.txt",
        "a:b",
        "dot.",
        "collection.json",
        "Collection.JSON",
    ],
)
def test_a_path_is_no_name(home: Collections, name: str):
    with pytest.raises(CollectionError, match="no name"):
        checked_name(name)
    with pytest.raises(CollectionError, match="no name"):
        home.make(name)
    with pytest.raises(CollectionError, match="no name"):
        home.make("gym").add(name, recording())
    assert [path.name for path in home.root.iterdir()] == ["gym"]


def test_names_of_any_language_are_names(home: Collections):
    for name in ("Übung 1", "拍手", "jumping_jack-2"):
        home.make("gym").add(name, recording())
    assert set(home.open("gym").actions()) == {"Übung 1", "拍手", "jumping_jack-2"}


def test_names_that_some_disks_take_for_the_same_are_the_same(home: Collections):
    home.make("gym").add("Raise", recording())
    home.make("GYM").add("raise", recording())
    assert home.names() == ("gym",) and home.open("gym").actions() == ("Raise",)


def test_folders_and_files_of_other_names_are_left_alone(home: Collections):
    gym = home.make("gym")
    name = gym.add("raise", recording())
    content = (gym.folder / "raise" / f"{name}.npz").read_bytes()
    for odd in (b"CON", b"dot.", b"\xff", b"a\nb", b"e\xcc\x81", b"x" * 90, b" "):
        for root in (home.root, gym.folder):
            os.mkdir(os.path.join(os.fsencode(root), odd))
        with open(os.path.join(os.fsencode(gym.folder / "raise"), odd + b".npz"), "wb") as file:
            file.write(content)
    assert home.names() == ("gym",) and gym.actions() == ("raise",) and gym.recordings("raise") == (name,)
    assert [each[:2] for each in gym.sound()] == [("raise", name)]
    assert len(list((gym.folder / "raise").iterdir())) == 8, "nothing of them is deleted"
