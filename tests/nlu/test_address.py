"""Whether a buyer says du or Sie to the shop."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.address import address_of

DU = (
    "kannst du mir helfen", "könnt ihr das austauschen?", "Könnt Ihr mir helfen?",
    "schick mir mal die rechnung",
    "schreibt mir bitte nicht mehr", "Hallo ihr Lieben, mein Paket fehlt", "wann liefert ihr",
    "ob ihr das noch habt?",
    "wie macht ihr das", "Ihr habt mir das Falsche geschickt", "ihr schickt mir fremde pakete", "danke dir",
    "Danke euch!", "eure app ist super", "hast noch eine?", "lasst mich in ruhe",
    "chönd ihr mir hälfe", "Händ ihr no Grössi 42", "liefered ihr au id schwiiz", "chasch mer hälfe",
    "hobts ihr des a in greßer", "tauschts ihr de hosn gegn a größere?", "kamma bei eich oruafa?",
)  # fmt: skip

SIE = (
    "Können Sie mir bitte helfen?", "schicken Sie mir die Rechnung", "Wann liefern Sie?",
    "Habe Ihre Mail bekommen",
    "Danke Ihnen", "Ihnen auch einen schönen Tag", "Ihr Paket ist angekommen",
    "Sie haben mir das Falsche geschickt",
    "Sehr geehrte Damen und Herren, wo ist mein Paket", "händ Sie das no i schwarz?", "chönd Sie mir hälfe",
    "können sie mir sagen wo mein paket ist", "schicken sie mir bitte eine neue", "melden sie sich bitte",
    "haben sie noch größe 42", "habe bei ihnen bestellt", "bitte klären sie endlich wo meine bestellung ist",
)  # fmt: skip

NEITHER = (
    "", "ok", "Wo ist mein Paket?", "Sie ist kaputt", "Sie sind zu klein", "Die Mühle ist da, sie klemmt",
    "WO BLEIBT SIE", "der pulli gefällt ihr nicht", "Meine Frau sagt, ihr Paket fehlt",
    "dass ihr paket fehlt",
    "Die Schuhe passen, mit ihnen laufe ich gern", "Sie haben Kratzer",
    "Darf ich sie in die Spülmaschine tun?",
    "die mühle, hat sie einen motor?", "wie oft soll sie geladen werden", "Mir fehlen drei, bitte liefern",
    "where is my parcel", "Würden Sie das bitte prüfen? Danke euch", "schade",
    "Die Lampe macht sie glücklich",
)  # fmt: skip


@pytest.mark.parametrize("text", DU)
def test_who_says_du_or_ihr(text: str) -> None:
    assert address_of(text) == "du"


@pytest.mark.parametrize("text", SIE)
def test_who_says_sie(text: str) -> None:
    assert address_of(text) == "sie"


@pytest.mark.parametrize("text", NEITHER)
def test_what_shows_neither_or_both(text: str) -> None:
    assert address_of(text) is None


@given(st.text(st.characters(codec=None), max_size=400))
def test_no_text_harms_it(text: str) -> None:
    assert address_of(text) in {"du", "sie", None}


WORDS = (
    "sie", "Sie", "SIE", "ihr", "Ihr", "ihnen", "Ihnen", "ihre", "Ihre", "du", "dir", "habt", "haben",
    "schicken",
    "mir", "bitte", ",", ".", "\n", "ob", "hat", "Paket", "bei",
)  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join))
def test_no_order_of_its_own_words_harms_it(text: str) -> None:
    assert address_of(text) in {"du", "sie", None}


@pytest.mark.parametrize("text", ["ihr " * 100_000, "bei ihnen " * 50_000, "Sie" * 100_000, "a" * 300_000])
def test_long_texts_cost_no_more_than_short_ones(text: str) -> None:
    assert address_of(text) in {"du", "sie", None}
