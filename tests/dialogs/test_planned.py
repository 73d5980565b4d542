"""What a reminder carries comes back as it was; what cannot be read is left out."""

from __future__ import annotations

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from dialogs.planned import Planned
from dialogs.state import Frame

_IDS = st.from_regex(r"[a-z0-9_]{0,10}", fullmatch=True)
_PLANNED = st.builds(
    Planned,
    kind=st.sampled_from(["touch", "wait", "remind", "silence", "delay"]),
    key=st.text(max_size=20),
    flow=_IDS,
    step=_IDS,
    order_id=st.text(max_size=10),
    until=st.none() | st.datetimes(timezones=st.just(UTC)),
    version=_IDS,
    on=st.text(max_size=20),
    calls=st.lists(st.builds(Frame, _IDS, _IDS, _IDS), max_size=3).map(tuple),
    asked=st.integers(0, 10**8),
    wanted=st.text(max_size=10),
)


@given(_PLANNED)
def test_it_comes_back_as_it_was(planned: Planned) -> None:
    assert Planned.read(planned.data()) == planned


@given(st.dictionaries(st.sampled_from(["kind", "key", "until", "calls", "asked", "flow", "?"]), st.text()))
def test_anything_can_be_read(data: dict[str, str]) -> None:
    assert isinstance(Planned.read(data), Planned)
