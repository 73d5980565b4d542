"""A file is what its bytes say; a picture loses everything but its pixels, and a bomb is not unpacked."""

import io
import struct
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.media_files import LONGEST_SIDE, UNKNOWN, Unusable, examine, prepare, sniffed, type_of
from integrations.sandbox.media import film, picture, tone

GPS = 0x8825
ORIENTATION = 0x0112


def image(form: str = "JPEG", size: tuple[int, int] = (30, 20), mode: str = "RGB", **more: Any) -> bytes:
    """A picture whose left half is red."""
    made = Image.new(mode, size, (0, 0, 0, 0) if mode == "RGBA" else "blue")
    made.paste("red", (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    made.save(file, form, **more)
    return file.getvalue()


def phone_photo() -> bytes:
    """A photo that a phone took in Berlin, held upright."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "Phone of Lena"
    exif.get_ifd(GPS)[2] = (52.0, 31.0, 12.0)
    return image("JPEG", exif=exif, comment=b"lena was here")


def opened(body: bytes) -> Image.Image:
    with Image.open(io.BytesIO(body)) as found:
        found.load()
        return found


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 900 million pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\x00" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("make", [examine, prepare])
def test_a_photo_keeps_its_pixels_and_loses_where_and_by_whom_it_was_taken(make: Any) -> None:
    made = make(phone_photo())
    found = opened(made.body)
    assert (made.type, made.mime, found.format) == ("image", "image/jpeg", "JPEG")
    assert not found.getexif()
    assert b"Lena" not in made.body
    assert b"lena was here" not in made.body
    # It was held upright: what was left is on top now.
    assert (made.width, made.height) == found.size == (20, 30)
    top = found.getpixel((10, 3))
    assert isinstance(top, tuple)
    assert top[0] > 200


@pytest.mark.parametrize(
    ("form", "mime"),
    [("PNG", "image/png"), ("WEBP", "image/webp"), ("GIF", "image/png"), ("AVIF", "image/jpeg")],
)
def test_pictures_come_in_formats_that_browsers_show(form: str, mime: str) -> None:
    made = examine(image(form))
    assert (made.type, made.mime, opened(made.body).size) == ("image", mime, (30, 20))


@pytest.mark.parametrize(
    ("form", "mode"), [("PNG", "RGBA"), ("WEBP", "RGBA"), ("GIF", "RGB"), ("JPEG", "CMYK")]
)
def test_what_agents_send_is_jpeg_or_png(form: str, mode: str) -> None:
    assert prepare(image(form, mode=mode)).mime in {"image/jpeg", "image/png"}


def test_stickers_are_seen_through_still() -> None:
    made = opened(examine(image("WEBP", mode="RGBA")).body)
    assert made.has_transparency_data


def test_what_moves_keeps_moving_for_agents_and_stands_still_for_buyers() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=[50, 70, 90])
    moving = opened(examine(file.getvalue()).body)
    assert (moving.format, getattr(moving, "n_frames", 1)) == ("WEBP", 3)
    assert getattr(opened(prepare(file.getvalue()).body), "n_frames", 1) == 1


def test_large_pictures_are_made_smaller() -> None:
    made = examine(image("PNG", size=(LONGEST_SIDE + 500, 10)))
    assert made.width == LONGEST_SIDE


def test_what_agents_send_fits_every_channel() -> None:
    noise = Image.effect_noise((2600, 2600), 120).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "PNG")
    made = prepare(file.getvalue())
    assert made.mime == "image/jpeg"
    assert len(made.body) <= 5_000_000


@pytest.mark.parametrize("make", [examine, prepare])
def test_a_bomb_is_refused(make: Any) -> None:
    with pytest.raises(Unusable) as caught:
        make(bomb())
    assert caught.value.why == "too_large"


@pytest.mark.parametrize("cut", [20, 60, 200])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_broken_picture_is_refused(form: str, cut: int) -> None:
    with pytest.raises(Unusable):
        examine(image(form, size=(300, 300))[:cut])


def test_nothing_is_refused() -> None:
    for make in (examine, prepare):
        with pytest.raises(Unusable) as caught:
            make(b"")
        assert caught.value.why == "empty"


HOSTILE = {
    "html": b"<!doctype html><script>alert(1)</script>",
    "svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "xml": b"<?xml version='1.0'?><svg/>",
    "script": b"alert(document.cookie)",
    "program": b"MZ\x90\x00",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_what_a_browser_could_run_has_no_type(body: bytes) -> None:
    assert sniffed(body) == UNKNOWN
    made = examine(body, "file")
    assert (made.type, made.mime, made.body) == ("document", UNKNOWN, body)


@pytest.mark.parametrize("hint", ["image", "audio", "video", "sticker"])
def test_a_page_instead_of_the_promised_picture_is_not_kept(hint: str) -> None:
    with pytest.raises(Unusable) as caught:
        examine(HOSTILE["html"], hint)
    assert caught.value.why == "unreadable"


def test_a_script_behind_a_pictures_head_goes_away() -> None:
    made = examine(image("GIF") + HOSTILE["html"])
    assert b"script" not in made.body


@pytest.mark.parametrize(
    ("body", "hint", "mime"),
    [
        (film(), "video", "video/mp4"),
        (film(), "audio", "audio/mp4"),
        (tone(), "audio", "audio/wav"),
        (picture(), "image", "image/png"),
        (b"%PDF-1.7\n", "file", "application/pdf"),
        (b"OggS\x00\x02", "audio", "audio/ogg"),
        (b"ID3\x04\x00", "audio", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio", "audio/mpeg"),
        (b"\xff\xf1\x50\x80", "audio", "audio/aac"),
        (b"#!AMR\n", "audio", "audio/amr"),
        (b"\x00\x00\x00\x1cftypM4A \x00", "audio", "audio/mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00", "video", "video/quicktime"),
        (b"\x00\x00\x00\x14ftyp3gp4\x00", "video", "video/3gpp"),
        (b"\x1aE\xdf\xa3\x01", "video", "video/webm"),
        (b"\x1aE\xdf\xa3\x01", "audio", "audio/webm"),
    ],
)
def test_files_are_known_by_their_first_bytes(body: bytes, hint: str, mime: str) -> None:
    assert examine(body, hint).mime == mime


def test_a_picture_that_cannot_be_made_anew_is_a_file() -> None:
    assert type_of(sniffed(b"\x00\x00\x00\x18ftypheic\x00")) == "document"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_known_type_or_nothing_that_a_browser_runs(body: bytes) -> None:
    mime = sniffed(body)
    assert not mime.startswith("text/")
    assert "svg" not in mime
    try:
        made = examine(body)
    except Unusable:
        return
    assert made.body == body or made.type == "image"
