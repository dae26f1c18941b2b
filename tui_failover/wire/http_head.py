"""The head of an HTTP/1.1 message, whoever sends it (RFC 9112, 2.1)."""

from collections.abc import Iterable


def written_head(first_line: str, headers: Iterable[tuple[str, str]], *lines: str) -> bytes:
    """Return the head as it is sent, its empty line included.

    Args:
        first_line: of a request or an answer.
        headers: names and values; bytes that came as surrogates leave as they came.
        lines: headers that stand before them, as they are sent.

    Raises:
        ValueError: one of them would end its line and begin another.
    """
    head = [first_line, *lines, *map(": ".join, headers)]
    said = "".join(head)
    if "\n" in said or "\r" in said:
        message = "a header that holds the end of a line"
        raise ValueError(message)
    return "\r\n".join(head).encode("utf-8", "surrogateescape") + b"\r\n\r\n"
