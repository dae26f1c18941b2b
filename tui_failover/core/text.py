"""Text from outside made harmless, once, where it comes in.

Textual passes terminal control sequences through to the terminal, whatever widget holds them; so nothing that a
provider or a file said may keep any (control characters, bidirectional overrides, zero-width and unpaired
surrogates), nor be longer than a line can show.
"""

import unicodedata

LINE = 300
_MOST_MARKS = 3  # combining marks in a row that real scripts need; more is an attack on the layout


def scrub(text: str, limit: int = LINE) -> str:
    """Return `text` as one harmless line of at most `limit` characters; idempotent.

    White space of any kind becomes single spaces; what was cut off shows as an ellipsis.
    """
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text and text.strip() == text:
        return text  # as nearly everything is
    kept: list[str] = []
    marks = 0
    for char in text[: limit * 8]:
        category = unicodedata.category(char)
        if char.isspace():
            kept.append(" ")
        elif category in {"Mn", "Me"}:
            marks += 1
            kept.append(char if marks <= _MOST_MARKS else "")
        elif category[0] != "C":
            marks = 0
            kept.append(char)
    line = " ".join("".join(kept).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def counted(number: int, noun: str) -> str:
    """Return "1 agent", "3 agents"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def span(seconds: float) -> str:
    """Return a length of time for people: seconds below two minutes, whole minutes from there on."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
