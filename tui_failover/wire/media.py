"""Pictures and files inside a request (data URLs after RFC 2397)."""

import re

from tui_failover.wire.conversation import Inline, Link, Source
from tui_failover.wire.verdict import invalid

_DATA_URL = re.compile(r"data:(?P<media_type>[\w.+-]+/[\w.+-]+)?(?:;[^,;]*)*?;base64,(?P<data>.*)", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]*={0,2}")
_SAME = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PDF = "application/pdf"
MOST_IMAGE = 10 << 20  # characters of base64 one picture may take at the providers


def plain_type(media_type: str) -> str:
    """Return the media type without parameters and under its registered name."""
    bare = media_type.partition(";")[0].strip().lower()
    return _SAME.get(bare, bare)


def source_of(url: str, field: str) -> Source:
    """Return what `url` names: the data it carries, or the place to fetch them from."""
    if url.lower().startswith(("http://", "https://")):
        return Link(url)
    return data_in(url, field)


def data_in(url: str, field: str) -> Inline:
    """Return what a data URL carries."""
    match = _DATA_URL.fullmatch(url)
    if match is None:
        invalid(field, f"{field} is neither an http address nor a base64 data URL.")
    return inline(match["media_type"] or "", match["data"], field)


def inline(media_type: str, data: str, field: str) -> Inline:
    """Return base64 data with a plain media type; white space inside is left out."""
    packed = "".join(data.split())
    if not _BASE64.fullmatch(packed) or not packed:
        invalid(field, f"{field} holds no base64 data.")
    return Inline(plain_type(media_type), packed)


def data_url(source: Inline) -> str:
    """Return the data URL that carries `source`."""
    return f"data:{source.media_type};base64,{source.data}"
