"""What a request needs of a model and what a model carries, in the same words, so that the two can be compared."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from tui_failover.core.need import Need, Needs
from tui_failover.wire.capabilities import capabilities_of
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.dialect import Dialect

_TOOLS, _FORCED, _IMAGES, _PDF, _STRUCTURE, _JSON, _SAMPLING = (1 << place for place in range(len(Need)))
_PARTS: Final[Mapping[object, int]] = {"image_url": _IMAGES, "image": _IMAGES, "file": _PDF, "document": _PDF}
_SHAPES: Final[Mapping[object, int]] = {"json_schema": _STRUCTURE, "json_object": _JSON}
_TELLING: Final = frozenset({"tools", "functions", "temperature", "top_p", "response_format", "output_config"})
_FREE: Final = frozenset({"auto", "none", "allowed_tools"})
_VERSION: Final = "2023-06-01"  # what requests of another dialect go out under


def needs_of(body: Mapping[str, object]) -> Needs:
    """Return what a request in either dialect needs; it looks at members and kinds of parts, never into texts."""
    found = _of_messages(body.get("messages"))
    if _TELLING.isdisjoint(body):
        return _named(found)
    if body.get("tools") or body.get("functions"):
        found |= _TOOLS | (_FORCED if _forces(body.get("tool_choice")) else 0)
    if body.get("temperature") is not None or body.get("top_p") is not None:
        found |= _SAMPLING
    shape = body.get("response_format") or as_mapping(body.get("output_config")).get("format")
    if shape:
        found |= _SHAPES.get(as_text(as_mapping(shape).get("type")), 0)
    return _named(found)


def carried_by(dialect: Dialect, model: str, override: Mapping[str, object] | None = None) -> Needs:
    """Return what a model carries; arguments as for `capabilities_of`."""
    can = capabilities_of(dialect, model, version=_VERSION, override=override)
    flags = {
        Need.FORCED_TOOL: can.forced_tool_choice,
        Need.IMAGES: can.vision,
        Need.PDF: can.pdf,
        Need.STRUCTURE: can.structured_output,
        Need.JSON: can.json_object,
        Need.SAMPLING: can.sampling,
    }
    return frozenset(need for need in Need if flags.get(need, True))


def _of_messages(messages: object) -> int:
    found = 0
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        if isinstance(content, list):
            for part in content:
                kind = part.get("type") if isinstance(part, dict) else None
                found |= _PARTS.get(kind, 0) if isinstance(kind, str) else 0
    return found


def _forces(choice: object) -> bool:
    """Tell whether a tool has to be called: any, or one by name."""
    kind = as_mapping(choice).get("type") if isinstance(choice, dict) else choice
    return isinstance(kind, str) and kind not in _FREE


@cache
def _named(bits: int) -> Needs:
    return frozenset(need for place, need in enumerate(Need) if bits >> place & 1)
