"""How sure triage must be: what "about N false alarms a day" comes to, by the training and by judgements."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from dialogs.sensitivity import DEFAULT, LEAST, MOST, PRIOR, Judged, Point, in_vain, threshold_for

CURVE: list[Point] = [(n / 20, (1 - n / 20) ** 3, 1 - (n / 20) ** 3) for n in range(20)]
judgements = st.lists(st.builds(Judged, st.floats(0, 1), st.booleans()), max_size=80)
curves = st.lists(st.tuples(*((st.floats(-0.2, 1.2) | st.just(float("nan"))) for _ in range(3))), max_size=30)


def test_without_a_curve_the_default_holds() -> None:
    assert threshold_for(3, 50, ()) == DEFAULT
    assert threshold_for(3, 50, [(2.0, 0.5, 0.5)], [Judged(0.5, human=True)]) == DEFAULT


def test_the_threshold_keeps_the_promise() -> None:
    threshold = threshold_for(3, 100, CURVE)
    rates = dict(zip((one[0] for one in CURVE), in_vain(CURVE), strict=True))
    assert rates[threshold] <= 0.03
    assert rates[round(threshold - 0.05, 2)] > 0.03
    assert threshold_for(0, 100, CURVE) == MOST
    assert threshold_for(1000, 100, CURVE) == LEAST


@given(curves, judgements, st.floats(0, 500), st.floats(0, 500), st.floats(0, 1e6))
def test_more_allowed_false_alarms_never_raise_the_threshold(
    curve: list[Point], judged: list[Judged], one: float, other: float, per_day: float
) -> None:
    few, many = sorted((one, other))
    quiet = threshold_for(few, per_day, curve, judged)
    careful = threshold_for(many, per_day, curve, judged)
    assert LEAST <= careful <= quiet <= MOST


@given(judgements)
def test_the_share_in_vain_never_rises_with_the_threshold(judged: list[Judged]) -> None:
    rates = in_vain(CURVE, judged)
    assert all(0 <= later <= earlier <= 1 + 1e-9 for earlier, later in pairwise(rates))


@given(judgements)
def test_few_judgements_lean_on_the_training(judged: list[Judged]) -> None:
    """In no part can n judgements move the share by more than n / (n + PRIOR) of what there is."""
    most = len(judged) / (len(judged) + PRIOR)
    for prior, now in zip(in_vain(CURVE), in_vain(CURVE, judged), strict=True):
        assert abs(prior - now) <= most + 1e-9


def test_many_false_alarms_raise_the_threshold_and_confirmations_lower_it() -> None:
    prior = threshold_for(4, 100, CURVE)
    vain = [Judged(prior + 0.02, human=False)] * 100
    right = [Judged(prior - 0.02, human=True)] * 100
    assert threshold_for(4, 100, CURVE, vain) > prior
    assert threshold_for(4, 100, CURVE, right) < prior


def test_judgements_of_what_reaches_people_do_not_stand_for_everything() -> None:
    """A thousand judged false alarms among what is nearly certain say little about all other messages."""
    vain = [Judged(0.95, human=False)] * 1000
    assert threshold_for(30, 100, CURVE, vain) < MOST
