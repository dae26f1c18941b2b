"""What is said in OpenAI's two APIs: a string, or a list of parts that are told apart by their type."""

from collections.abc import Callable, Mapping

from tui_failover.wire.conversation import Block, Text
from tui_failover.wire.fields import listed_objects, text_field
from tui_failover.wire.verdict import invalid

_Document = dict[str, object]
ReadPart = Callable[[_Document, str], Block]


def read_parts(holder: _Document, name: str, path: str, readers: Mapping[str, ReadPart]) -> tuple[Block, ...]:
    """Return what the member `name` of `holder` says; `readers` read a part by its type."""
    said = holder.get(name)
    if said is None:
        return ()
    if isinstance(said, str):
        return (Text(said),)
    return tuple(_part(part, inner, readers) for inner, part in listed_objects(holder, name, path))


def read_text(part: _Document, path: str) -> Text:
    """Return the text a part holds."""
    return Text(text_field(part, "text", path) or "", cached=bool(part.get("prompt_cache_breakpoint")))


def _part(part: _Document, path: str, readers: Mapping[str, ReadPart]) -> Block:
    kind = part.get("type")
    read = readers.get(kind) if isinstance(kind, str) else None
    if read is None:
        invalid(f"{path}.type", f"{path}.type is none of {', '.join(readers)}.")
    return read(part, path)
