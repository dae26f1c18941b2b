"""The second wall against text that talks to the terminal: nothing that steers it leaves the screen.

Foreign text is made harmless where it enters; this filter is for what should not exist. It deletes and does not
replace, because control characters take no cells.
"""

import re
from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

# C0, DEL, C1; bidirectional embeddings, overrides and isolates; line and paragraph separators.
_STEERING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


class TerminalGuard(LineFilter):
    """Deletes every steering character from what is about to be written."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002 (Textual's signature)
        """Return the segments without steering characters."""
        if not any(_STEERING.search(segment.text) for segment in segments):
            return segments
        return [Segment(_STEERING.sub("", segment.text), segment.style, None) for segment in segments]
