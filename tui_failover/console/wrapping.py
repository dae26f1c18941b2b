"""Text over several lines, broken at blanks where there are any."""

from collections.abc import Iterator

from tui_failover.console.presentation.cells import cells


def pieces(text: str, width: int) -> Iterator[str]:
    """Yield the text in pieces of at most `width` cells; a word that is longer is broken."""
    width = max(width, 2)
    piece = ""
    for word in text.split(" "):
        if piece and cells(piece) + 1 + cells(word) > width:
            yield piece
            piece = ""
        piece = f"{piece} {word}" if piece else word
        while cells(piece) > width:
            cut = next(place for place in range(len(piece), 0, -1) if cells(piece[:place]) <= width)
            yield piece[:cut]
            piece = piece[cut:]
    yield piece
