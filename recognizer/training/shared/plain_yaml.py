"""YAML as configurations need it: keys, values and lists. No anchors, which a few lines could make into a
billion values, no types by name, no key twice, no depth without end."""

from __future__ import annotations

from collections import Counter
from typing import Any

import yaml

_DEEPEST = 20


def read_yaml(text: str) -> Any:
    """What a YAML text says.

    Raises:
        ValueError: in one line, what is wrong with it.
    """
    try:
        return yaml.load(text, _Loader)  # a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    except OverflowError as error:  # of numbers such as 1:59:59:...:59.0
        raise ValueError(f"a number is too large ({error})") from None


class _Loader(yaml.SafeLoader):
    def __init__(self, text: str):
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        if getattr(event, "anchor", None) is not None:
            raise yaml.composer.ComposerError(None, None, "anchors (& and *) are not known", event.start_mark)
        if getattr(event, "tag", None) is not None:
            raise yaml.composer.ComposerError(None, None, "tags (!) are not known", event.start_mark)
        if self._depth == _DEEPEST:
            raise yaml.composer.ComposerError(None, None, "it is nested too deeply", event.start_mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        mapping = super().construct_mapping(node, deep)
        if len(mapping) < len(node.value):
            ((twice, _),) = Counter(self.construct_object(key) for key, _ in node.value).most_common(1)
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {twice} stands there twice", node.start_mark
            )
        return mapping
