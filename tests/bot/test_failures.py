"""Every code that a platform may answer with is told in plain words, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.failures import Failure, Language, _situations, explain
from integrations.meta_graph import FAULTS

LANGUAGES: tuple[Language, ...] = ("de", "en")


def said(code: str | None, channel: str = "whatsapp", status: str = "failed", **more: str) -> Failure:
    """The words for a failed message."""
    found = explain("de", channel=channel, status=status, code=code, **more)
    assert found is not None
    return found


@pytest.mark.parametrize("codes", FAULTS, ids=str)
@pytest.mark.parametrize("channel", ["whatsapp", "instagram"])
def test_every_code_of_meta_has_words_of_its_own(codes: tuple[int, int | None], channel: str) -> None:
    code, sub = codes
    assert said(f"{code}/{sub}" if sub else str(code), channel).kind != "unknown"


@pytest.mark.parametrize("code", ["400", "401", "403", "429", "500", "502"])
def test_every_status_of_telegram_has_words_of_its_own(code: str) -> None:
    assert said(code, "telegram").kind not in {"unknown", "permission"}


def test_a_subcode_that_is_not_known_is_told_by_its_code() -> None:
    assert said("190/463").kind == "token"
    assert said("230", "instagram").kind == "permission"


def test_a_code_that_nobody_knows_says_so_and_may_be_tried_again() -> None:
    assert said("987654").kind == "unknown"
    assert said(None).again


def test_only_what_may_help_is_offered_again() -> None:
    assert said("131000").again
    assert not said("131050").again
    assert not said("100/2534014", "instagram").again


def test_a_delivery_that_failed_later_is_a_failure_too() -> None:
    assert said("131026", status="sent", delivery="failed").kind == "undeliverable"
    assert explain("de", channel="whatsapp", status="sent", delivery="read") is None


def test_what_waits_for_the_window_names_the_next_way() -> None:
    assert "Vorlage" in said(None, status="parked").do
    assert "Vorlage" not in said(None, "instagram", "parked").do


def test_many_tries_without_a_code_are_told_as_such() -> None:
    assert said(None, detail="given up after 5 tries: no answer").kind == "given_up"


def test_a_fault_at_meta_may_be_a_block_only_on_instagram() -> None:
    assert said("2", "instagram").kind == "passing_or_block"
    assert said("2", "whatsapp").kind == "passing"


STATUSES = st.sampled_from(["failed", "sent", "waiting", "parked", "sending", "expired", "x"])


@given(st.text(), STATUSES, st.text())
def test_nothing_is_without_an_answer_and_nothing_foreign_is_repeated(
    code: str, status: str, detail: str
) -> None:
    for language in LANGUAGES:
        found = explain(language, channel="instagram", status=status, code=code, detail=detail)
        if found is not None:
            assert found.what.endswith(".")
            assert found.do.endswith((".", "`."))


def test_no_code_belongs_to_two_situations() -> None:
    for table in ("meta", "telegram", "ours"):
        codes = [code for one in _situations().values() for code in getattr(one, table)]
        assert len(codes) == len(set(codes))
