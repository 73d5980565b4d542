"""Templates as WhatsApp wants them submitted: numbered, with samples from what the shop sells."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from dialogs.catalogue import load_catalogue
from dialogs.facts import Facts
from dialogs.script import SCRIPTS, read_book, texts_of
from dialogs.submission import sample_scene, submission
from dialogs.templates import TemplateButton, TemplateText, approved

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
TEXT = TemplateText(
    "shop_news", "en", "du", "Your {{1}} is coming: {{2}}.", ("product", "tracking"),
    (TemplateButton("fine", "Good"), TemplateButton("help", "Help")), "MARKETING",
)  # fmt: skip


def test_a_template_is_told_as_the_interface_takes_it() -> None:
    mill = {"HM-01": load_catalogue()["HM-01"]}
    scene = sample_scene(Facts(brand="Rösterei"), mill, NOW)
    title = mill["HM-01"].title["en"]
    assert submission(TEXT, scene) == {
        "name": "shop_news",
        "language": "en",
        "category": "MARKETING",
        "components": [
            {
                "type": "BODY",
                "text": "Your {{1}} is coming: {{2}}.",
                "example": {"body_text": [[title, "00340434161094042557 (DHL)"]]},
            },
            {
                "type": "BUTTONS",
                "buttons": [{"type": "QUICK_REPLY", "text": "Good"}, {"type": "QUICK_REPLY", "text": "Help"}],
            },
        ],
    }


@pytest.mark.parametrize("products", [load_catalogue(), {}])
def test_every_template_of_the_house_has_a_sample_for_each_parameter(products: dict[str, object]) -> None:
    scene = sample_scene(Facts(brand="Rösterei"), products, NOW)  # type: ignore[arg-type]  # as read, or none
    for text in approved(read_book(texts_of(SCRIPTS)).templates, "sie"):
        body = submission(text, scene)["components"][0]
        wanted = re.findall(r"\{\{(\d+)\}\}", body["text"])
        samples = body["example"]["body_text"][0] if wanted else []
        assert len(samples) == len(wanted), text.name
        assert all(samples), text.name
        assert not any("\n" in one or "  " in one for one in samples), text.name
