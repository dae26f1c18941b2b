"""What comes again and again in a stream: events that differ in nothing but their text.

Where a piece of a stream consists of those alone, its text is all there is to read in it.
"""

import re

from msgspec import Struct

_PLAIN = re.compile(rb'[^"\\\x00-\x1f]++')  # what stands for itself in a JSON string


class Refrain(Struct, frozen=True):
    """An event without its text.

    Attributes:
        before, after: the event's bytes around the text, from its first to the end of its blank line.
        between: what stands between the texts of two such events.
    """

    before: bytes
    after: bytes
    between: bytes

    def text_in(self, piece: bytes) -> str:
        """Return the texts of the events `piece` consists of; "" where it holds anything else."""
        if not piece.endswith(self.after) or not piece.startswith(self.before):
            return ""
        texts = piece[len(self.before) : -len(self.after)].split(self.between)
        text = b"".join(texts)
        if b"" in texts or _PLAIN.fullmatch(text) is None:
            return ""
        return str(text, "utf-8", "replace")


def refrain_of(event: bytes, text: str) -> Refrain | None:
    """Return what is left of an event, whose data are JSON, without its text; None where that is not certain.

    Without a backslash every quotation mark begins or ends a string. Between two strings stands a colon or a
    comma: what holds neither, stands in quotation marks and comes but once, is the text.
    """
    if b"\\" in event or ":" in text or "," in text:
        return None
    quoted = b'"%b"' % text.encode()
    if event.count(quoted) != 1:
        return None
    before, _, after = event.partition(quoted)
    before, after = before + b'"', b'"' + after
    return Refrain(before, after, after + before)
