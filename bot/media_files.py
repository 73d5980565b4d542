"""What a file is, by its bytes alone, and pictures and films without places, owners and hidden parts.

Nothing here believes a name or a declared type. What a browser could run (HTML, SVG, scripts) has no type of
its own and is only ever handed out as an unnamed download.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PIL import Image, ImageCms, ImageOps, ImageSequence

from bot.film_boxes import silenced
from dialogs.channel import FileType

UNKNOWN: Final = "application/octet-stream"
MOST_PIXELS: Final = 40_000_000
"""A phone's camera makes 12 to 50 million; unpacked, this is 160 MB."""
LONGEST_SIDE: Final = 4096
_MOST_FRAMES: Final = 200
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
_UPLOAD_BYTES: Final = 5_000_000
"""The smallest of the channels' limits for pictures."""

Flaw: TypeAlias = Literal["empty", "too_large", "unreadable"]


class Unusable(Exception):
    """The file cannot be kept; ``why`` says what is wrong with it."""

    def __init__(self, why: Flaw) -> None:
        super().__init__(f"the file is {why.replace('_', ' ')}")
        self.why: Flaw = why


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that may be kept. ``width`` and ``height`` are in pixels, and only known of pictures."""

    type: FileType
    mime: str
    body: bytes
    width: int | None = None
    height: int | None = None


def examine(body: bytes, hint: str = "") -> Examined:
    """Return a stranger's file as it may be kept: pictures made anew, everything else as it is.

    ``hint`` is the type that the platform calls it (``audio``, ``sticker``, …): it decides only between a
    film and a recording, which share their containers.

    Raises:
        Unusable: it is empty, has too many pixels, or is not what ``hint`` promises.

    """
    if not body:
        raise Unusable("empty")
    mime = sniffed(body)
    if mime.startswith("image/"):
        return _picture(body, _as_it_came)
    if hint == "audio":
        mime = _SOUND.get(mime, mime)
    # A picture or a voice note that is neither is a page that says "sign in", or worse.
    if mime == UNKNOWN and hint in {"image", "video", "audio", "sticker"}:
        raise Unusable("unreadable")
    return _as_it_is(mime, body)


def prepare(body: bytes) -> Examined:
    """Return an agent's file as every channel takes it: pictures become JPEG or PNG of at most 5 MB.

    Raises:
        Unusable: it is empty, has too many pixels, or is a broken picture.

    """
    if not body:
        raise Unusable("empty")
    mime = sniffed(body)
    if mime.startswith("image/"):
        return _picture(body, _for_all)
    return _as_it_is(mime, body)


def _as_it_is(mime: str, body: bytes) -> Examined:
    """Return a file that is no picture; HEIC, which we cannot read, lives in the same boxes as films."""
    kind = type_of(mime)
    return Examined(kind, mime, silenced(body) if kind in {"video", "audio"} else body)


# -- what it is

_HEADS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR", "audio/amr"),
    (b"fLaC", "audio/flac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_RIFF: Final = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS: Final = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"qt  ": "video/quicktime",
    b"avif": "image/avif",
    b"avis": "image/avif",
}
_NO_FILM: Final = (b"hei", b"hev", b"mif", b"msf")
_SOUND: Final = {"video/mp4": "audio/mp4", "video/webm": "audio/webm", "video/3gpp": "audio/3gpp"}


def sniffed(body: bytes) -> str:
    """Return the media type that the first bytes tell; `UNKNOWN` for all that is none of ours."""
    for head, mime in _HEADS:
        if body.startswith(head):
            return mime
    if body[:4] == b"RIFF":
        return _RIFF.get(body[8:12], UNKNOWN)
    if body[4:8] == b"ftyp":
        brand = body[8:12]
        if brand.startswith((b"3gp", b"3g2")):
            return "video/3gpp"
        # HEIC is a picture that we cannot make anew, so it is not shown as one.
        return UNKNOWN if brand.startswith(_NO_FILM) else _BRANDS.get(brand, "video/mp4")
    if len(body) > 2 and body[0] == 0xFF and body[1] & 0xE0 == 0xE0:
        # Without a layer it is AAC's own frame (ADTS); with one it is MPEG audio.
        return "audio/aac" if body[1] & 0x06 == 0 else "audio/mpeg"
    return UNKNOWN


def type_of(mime: str) -> FileType:
    """Return how a file of this media type is shown."""
    match mime.partition("/")[0]:
        case "image":
            return "image"
        case "video":
            return "video"
        case "audio":
            return "audio"
        case _:
            return "document"


def extension(mime: str) -> str:
    """Return how the name of such a file ends, with its dot."""
    return _EXTENSIONS.get(mime, ".bin")


_EXTENSIONS: Final = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/gif": ".gif", "image/webp": ".webp",
    "video/mp4": ".mp4", "video/webm": ".webm", "video/quicktime": ".mov", "video/3gpp": ".3gp",
    "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a", "audio/amr": ".amr", "audio/aac": ".aac",
    "audio/wav": ".wav", "audio/flac": ".flac", "audio/webm": ".weba", "audio/3gpp": ".3gp",
    "application/pdf": ".pdf",
}  # fmt: skip


# -- pictures

_Written: TypeAlias = tuple[bytes, str, tuple[int, int]]


def _picture(body: bytes, write: Callable[[Image.Image], _Written]) -> Examined:
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as image:
            # Pillow only warns of most bombs; nothing is unpacked before this line.
            _demand_pixels(image)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            written, mime, (width, height) = write(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        raise Unusable("too_large") from None
    except Unusable:
        raise
    except Exception:  # noqa: BLE001 - a broken picture may trip Pillow anywhere; it is unreadable all the same
        raise Unusable("unreadable") from None
    return Examined("image", mime, written, width, height)


def _demand_pixels(image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise Unusable("too_large")


def _as_it_came(image: Image.Image) -> _Written:
    """Write a picture anew in a format that every browser shows; what moves keeps moving."""
    frames = int(getattr(image, "n_frames", 1))
    pixels = frames * image.width * image.height
    if image.format in {"GIF", "WEBP"} and 1 < frames <= _MOST_FRAMES and pixels <= MOST_PIXELS:
        return _moving(image)
    still = _upright(image)
    if image.format in {"JPEG", "MPO"} or (image.format == "AVIF" and not _sees_through(still)):
        return _jpeg(still, 88)
    return _saved(still, "WEBP", quality=88) if image.format in {"WEBP", "AVIF"} else _png(still)


def _for_all(image: Image.Image) -> _Written:
    """Write a picture as JPEG, or as PNG where that is small enough; never above the smallest limit."""
    still = _upright(image)
    if image.format in {"PNG", "GIF"} or _sees_through(still):
        written = _png(still)
        if len(written[0]) <= _UPLOAD_BYTES:
            return written
        still = _on_white(still)
    for quality, side in ((88, LONGEST_SIDE), (80, 3072), (75, 2048)):
        still.thumbnail((side, side))
        written = _jpeg(still, quality)
        if len(written[0]) <= _UPLOAD_BYTES:
            return written
    raise Unusable("too_large")


def _upright(image: Image.Image) -> Image.Image:
    """Return the first frame alone, turned as it was held, in plain colours and no larger than needed."""
    turned = ImageOps.exif_transpose(image)
    profile = image.info.get("icc_profile")
    mode = "RGBA" if _sees_through(turned) else "RGB"
    if profile and turned.mode in {"RGB", "RGBA"}:
        try:
            plain = ImageCms.createProfile("sRGB")
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            made = ImageCms.profileToProfile(turned, given, plain, outputMode=turned.mode)
            turned = turned if made is None else made
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile only costs the fine tone of its colours
    plain_picture = turned.convert(mode)
    plain_picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    # What is copied pixel by pixel has nothing but pixels.
    clean = Image.new(mode, plain_picture.size)
    clean.paste(plain_picture)
    return clean


def _sees_through(image: Image.Image) -> bool:
    return image.has_transparency_data


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def _moving(image: Image.Image) -> _Written:
    """Write the frames of a GIF or WebP as WebP, with the pauses between them."""
    frames: list[Image.Image] = []
    pauses: list[int] = []
    for frame in ImageSequence.Iterator(image):
        frames.append(frame.convert("RGBA"))
        pauses.append(max(int(frame.info.get("duration") or 100), 20))
    for frame in frames:
        frame.info = {}
    file = io.BytesIO()
    frames[0].save(
        file, "WEBP", save_all=True, append_images=frames[1:], duration=pauses, loop=0, quality=80, method=2
    )
    return file.getvalue(), "image/webp", frames[0].size


def _jpeg(image: Image.Image, quality: int) -> _Written:
    return _saved(_on_white(image), "JPEG", quality=quality, progressive=True)


def _png(image: Image.Image) -> _Written:
    return _saved(image, "PNG", compress_level=6)


def _saved(image: Image.Image, form: Literal["JPEG", "PNG", "WEBP"], **choices: int) -> _Written:
    file = io.BytesIO()
    image.save(file, form, **choices)
    return file.getvalue(), f"image/{form.lower()}", image.size
