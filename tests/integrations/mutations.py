"""Broken webhook bodies: copies of real pieces in which a few places were changed at random."""

import copy
from typing import Any

from hypothesis import strategies as st

JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, False, 0, -1, 1e300, 2**63, "", " ", "\x00", "\ud83d", "x" * 400, "1795000000", [], {}]
) | st.recursive(
    st.text(max_size=3) | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below ``node``."""
    keys: list[Any] = []
    if isinstance(node, dict):
        keys = list(node)
    elif isinstance(node, list):
        keys = list(range(len(node)))
    return [place for key in keys for place in ((node, key), *places(node[key]))]


@st.composite
def mutated(draw: st.DrawFn, piece: Any) -> Any:
    """Return ``piece`` with one to four of its places replaced or left out."""
    changed = copy.deepcopy(piece)
    for _ in range(draw(st.integers(1, 4))):
        found = places(changed)
        if not found:
            return draw(JUNK)
        container, key = draw(st.sampled_from(found))
        if isinstance(container, dict) and draw(st.booleans()):
            del container[key]
        else:
            container[key] = draw(JUNK)
    return changed
