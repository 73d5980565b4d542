"""What a message shows besides its words: pictures, links, the parcel's tracking, cards of products."""

from __future__ import annotations

from dataclasses import replace

from dialogs.flow import Ask, Book, Carousel, MediaSpec, Offer, Say
from dialogs.messages import Card, Draft, Link, Picture
from dialogs.names import filler
from dialogs.scene import Scene, complements_of, localized, parcel_of, products_of
from dialogs.shop import Product


def dressed(draft: Draft, step: Say | Ask | Offer, scene: Scene, book: Book) -> Draft:
    """The draft with everything its step wants to be seen."""
    fill = filler(scene)
    if isinstance(step, Offer):
        if not step.carousel:
            return draft
        pairs = tuple(
            (product, complement.why if complement else {}) for product, complement in scene.offer.products
        )
        return replace(draft, cards=_cards(scene, pairs))
    if step.picture is not None:
        draft = replace(draft, picture=_picture(step.picture, scene))
    if step.tracking and (url := _tracking_url(scene)):
        draft = replace(draft, link=Link(book.phrases["track"].say(scene.tone, fill), url))
    if isinstance(step, Say):
        if step.link is not None:
            draft = replace(draft, link=Link(step.link.title.say(scene.tone, fill), step.link.url))
        if step.carousel is not None:
            draft = replace(draft, cards=_cards(scene, _of(step.carousel, scene)))
    return draft


def _picture(picture: MediaSpec, scene: Scene) -> Picture:
    alt = picture.alt.say(scene.tone, filler(scene)) if picture.alt is not None else ""
    return Picture(picture.type, picture.url, alt)


def _tracking_url(scene: Scene) -> str:
    parcel = parcel_of(scene.order)
    url = parcel.url if parcel is not None else None
    return url if url and url.startswith(("https://", "http://")) else ""


def _of(carousel: Carousel, scene: Scene) -> tuple[tuple[Product, dict[str, str]], ...]:
    match carousel.of:
        case "bought":
            return tuple((product, {}) for product in products_of(scene))
        case "complements":
            return tuple((product, complement.why) for product, complement in complements_of(scene))
        case "named":
            known = (scene.facts.products.get(sku) for sku in carousel.skus)
            return tuple((product, {}) for product in known if product is not None)


def _cards(scene: Scene, shown: tuple[tuple[Product, dict[str, str]], ...]) -> tuple[Card, ...]:
    def said(texts: dict[str, str]) -> str:
        text = localized(texts, scene.language, scene.tone.voice)
        return text.replace("ß", "ss") if scene.language == "de" and scene.tone.country == "CH" else text

    label = "Look at it" if scene.language == "en" else "Ansehen"
    return tuple(
        Card(
            said(product.title),
            said(why),
            product.picture or None,
            Link(label, product.url) if product.url else None,
        )
        for product, why in shown
    )
