"""Which language a message is in: right for the few words of a DM, careful with what is none of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.corpus import TRAINING, parse, training_files
from nlu.language import WEIGHTS, clear_language, language_of, words_of

GERMAN = (
    "wo bleibt denn mein paket", "Paket da?", "vielen lieben dank", "passt schon", "hab ich doch gesagt",
    "ist das vegan", "rechung fehlt", "retoure bitte", "die crema ist ein traum",
    "mein Name ist Giulia Bianchi",
    "update bitte, wo ist mein paket", "kannst du das canceln, hab falsch geordert", "Wo íst mein Päckchen??",
    "Die Chemex ist undicht", "das Bialetti Moka Set ist da", "Sehr geehrte Damen und Herren",
)  # fmt: skip

SWISS = (
    "wo isch mis päckli", "merci vilmal für d hilf", "händ ihr no", "chunnt no öppis", "isch cho", "geht nöd",
    "das isch en witz", "äs funktioniert eifach nid", "ha nüt übercho", "i ha gärn e rückgab",
    "dr deckel isch verrisse", "uf wiederluege", "ade merci", "da fehlt öppis im chärtli", "chasch mer hälfe",
    "mir händ d grössi falsch bschtellt", "goht das no lang", "i bi nöd dihei gsi",
    "bitte per twint zruggzahle",
    "salü zäme", "hoi zäme", "sali, wie gaht das mit de retoure", "i weiss nid win i das söu mache",
    "merci gäll",
    "git's das ou in schwarz", "mou, isch guet", "da het me mi schön verarscht",
)  # fmt: skip

AUSTRIAN = (
    "jo eh",
    "wos is des",
    "i find den zettl nimma",
    "supa, danke enk",
    "bin ned zfriedn",
    "oida des gibts ned",
)

ENGLISH = (
    "where's my parcel", "any news", "still nothing", "lid cracked", "its broken", "too small", "need help",
    "how do i clean it", "not working", "cant find the manual", "ur parcel never came", "can u cancel",
    "Sorry, could you write in English please?", "all sorted now", "yer a star, ta",
)  # fmt: skip

OTHER = (
    "toujours pas de nouvelles du colis", "où en est ma livraison", "le couvercle est fendu",
    "comment on nettoie la cafetière", "il coperchio è crepato", "ancora nessuna notizia del corriere",
    "ho bisogno di aiuto", "la tapa vino rota", "sigo sin noticias del paquete", "necesito ayuda por favor",
    "a tampa veio rachada", "preciso de ajuda", "waar is het pakketje", "ik heb hulp nodig",
    "hoe maak ik de kan schoon", "pokrywka jest pęknięta", "czy mogę wymienić rozmiar", "kapağı çatlak geldi",
    "yardıma ihtiyacım var", "unde este coletul", "vreau banii inapoi", "poklopac je napukao", "trebam pomoć",
    "víko je prasklé", "chci vrátit peníze", "repedt a fedele a doboznak", "segítségre van szükségem",
    "jag vill ha pengarna tillbaka", "jeg vil have mine penge tilbage", "dua paratë mbrapsht",
    "где моя посилка", "здравствуйте, заказ не пришёл", "أين طردي",
    "πού είναι το δέμα μου", "我的包裹在哪里", "小包",
)  # fmt: skip

NOTHING = (
    "",
    "ok",
    "👍",
    "⭐⭐⭐⭐",
    "4/5",
    "1001",
    "Chemex",
    "Bonjour",
    "Merci",
    "Mühle?",
    "...",
    "a@b.de",
    "Ж",
)


@pytest.mark.parametrize("text", [*GERMAN, *SWISS, *AUSTRIAN])
def test_german_is_german_in_a_german_chat_and_never_foreign(text: str) -> None:
    assert language_of(text, "de") == "de"
    assert language_of(text, None) == "de"
    assert clear_language(text) in {"de", None}


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_english_in_an_english_chat(text: str) -> None:
    assert language_of(text, "en") == "en"
    assert clear_language(text) in {"en", None}


@pytest.mark.parametrize("text", OTHER)
def test_other_languages_are_seen_in_any_chat(text: str) -> None:
    assert {language_of(text, before) for before in ("de", "en", None)} == {"other"}
    assert clear_language(text) == "other"


@pytest.mark.parametrize("text", NOTHING)
def test_what_tells_nothing_changes_nothing(text: str) -> None:
    assert language_of(text, "de") == "de"
    assert clear_language(text) is None


@pytest.mark.parametrize("text", ["ok", "👍", "1001", "Chemex", ""])
def test_the_language_before_is_kept(text: str) -> None:
    assert language_of(text, "en") == "en"
    assert language_of(text, None) == "de"
    assert language_of("ok", "other") == "de"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Wo ist mein Paket?", "de"), ("Where is my parcel?", "en"), ("Ich habe noch nichts bekommen", "de"),
        ("I have not got anything yet", "en"),
        ("Bonjour, ich frage wegen der blauen Lampe, ist sie wieder da?", "de"),
    ],
)  # fmt: skip
def test_a_clear_message_switches(text: str, language: str) -> None:
    assert clear_language(text) == language
    assert language_of(text, "en") == language_of(text, "de") == language


def test_names_addresses_and_letters_that_only_look_strange_are_no_language() -> None:
    assert language_of("Meine neue Adresse: Şahin Yılmaz, Mühlweg 3, 70565 Stuttgart", "de") == "de"
    assert language_of("bestellt von zoë.gonçalves@exemplo.pt, bitte nachschauen", "de") == "de"
    assert language_of("𝓭𝓪𝓷𝓴𝓮 für alles", "de") == "de"


@pytest.mark.parametrize(("language", "short", "longer"), [("de", 0.97, 0.995), ("en", 0.97, 0.995)])
def test_the_house_s_own_messages_are_read_rightly(language: str, short: float, longer: float) -> None:
    texts = [
        example.text
        for path in training_files(TRAINING)
        if path.parent.name == language
        for example in parse(path.read_bytes(), file=path.name, language=language).examples
    ]
    for least, most, wanted in ((2, 3, short), (4, 1000, longer)):
        some = [text for text in texts if least <= len(words_of(text)) <= most]
        assert len(some) > 100
        assert sum(language_of(text, language) == language for text in some) / len(some) >= wanted


@given(st.text(st.characters(codec=None), max_size=400), st.sampled_from(["de", "en", "other", "", None]))
def test_no_text_harms_it(text: str, before: str | None) -> None:
    spoken = language_of(text, before)
    assert spoken in {"de", "en", "other"}
    assert (spoken == "other") == (clear_language(text) == "other")


@pytest.mark.parametrize(
    "text", ["a" * 500_000, "@" * 500_000, "a'" * 250_000, "ab " * 200_000, "ß" * 500_000]
)
def test_long_texts_cost_no_more_than_short_ones(text: str) -> None:
    assert language_of(text, "de") in {"de", "en", "other"}


def test_the_lexicon_is_small_and_read_without_what_learns_it() -> None:
    assert WEIGHTS.stat().st_size < 200_000
    asked = "import sys; from nlu.language import language_of; language_of('wo', None)"
    asked += "; print('sklearn' in sys.modules)"
    root = Path(__file__).parents[2]
    said = subprocess.run(
        [sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=True, timeout=30
    )
    assert said.stdout.strip() == "False"
