"""Forgetting takes all that is old and free, nothing else, and ends, whatever happens meanwhile."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from persistence.retention_walk import Old, Walk, go_on, release

T0 = datetime(2026, 3, 1, tzinfo=UTC)
MOST = 3

_rows = st.lists(
    st.builds(
        lambda gap, day, place, ready: (gap, day, place, ready),
        st.integers(1, 3), st.integers(0, 2), st.none() | st.integers(1, 4), st.booleans(),
    ),
    max_size=30,
)  # fmt: skip
_busy = st.lists(st.frozensets(st.integers(1, 4)), max_size=5)


def _table(drawn: list[tuple[int, int, int | None, bool]]) -> list[Old]:
    rows: list[Old] = []
    for gap, day, place, ready in drawn:
        last = rows[-1] if rows else Old(0, T0)
        rows.append(Old(last.id + gap, last.came + timedelta(days=day), place, ready))
    return rows


def _sweep(walk: Walk, rows: list[Old], before: datetime, busy: frozenset[int]) -> tuple[Walk, list[int]]:
    """What the store does, until nothing is left to decide."""
    forgotten: list[int] = []
    for _ in range(1000):
        coming = [row for row in rows if row.id > walk.mark][:MOST]
        after, ids = go_on(walk, coming, before, busy)
        decided = after.mark != walk.mark or bool(ids)
        forgotten += ids
        for place in [one for one in after.held if one not in busy]:
            waiting = [
                row for row in rows
                if row.conversation_id == place and after.held[place] < row.id <= after.mark
            ]  # fmt: skip
            after, ids = release(after, place, waiting, before, MOST)
            decided = decided or bool(ids)
            forgotten += ids
        walk = after
        if not decided:
            return walk, forgotten
    raise AssertionError


@given(_rows, _busy, st.integers(0, 60))
def test_all_that_is_old_and_free_goes_once_and_nothing_else_does(
    drawn: list[tuple[int, int, int | None, bool]], busy: list[frozenset[int]], days: int
) -> None:
    rows, walk, gone = _table(drawn), Walk(), list[int]()
    by_id = {row.id: row for row in rows}
    for n, some in enumerate([*busy, frozenset[int]()]):
        before = T0 + timedelta(days=min(days, n * 10))
        walk, forgotten = _sweep(walk, rows, before, some)
        for one in forgotten:
            assert by_id[one].came < before
            assert by_id[one].ready
            assert by_id[one].conversation_id not in some
        gone += forgotten
    assert len(gone) == len(set(gone))
    walk, forgotten = _sweep(walk, rows, T0 + timedelta(days=999), frozenset())
    # What is left are rows that are not ready, and of their conversations what came after them.
    stuck: set[int] = set()
    for row in rows:
        if row.conversation_id is not None and not row.ready:
            stuck.add(row.conversation_id)
        left = row.id not in {*gone, *forgotten}
        assert left == (not row.ready or (row.conversation_id in stuck))


def test_a_conversation_in_hand_holds_up_nobody_and_is_caught_up_later() -> None:
    rows = [Old(1, T0, 7), Old(2, T0, 8), Old(3, T0, 7), Old(4, T0, None)]
    walk, ids = go_on(Walk(), rows, T0 + timedelta(days=1), {7})
    assert (walk, ids) == (Walk(4, {7: 0}), (2, 4))
    walk, ids = release(walk, 7, [rows[2], rows[0]], T0 + timedelta(days=1), 1)
    assert (walk, ids) == (Walk(4, {7: 1}), (1,))
    assert release(walk, 7, [rows[2]], T0 + timedelta(days=1), 1) == (Walk(4), (3,))
