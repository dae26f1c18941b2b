"""Going on with a text that broke off: what the next model is asked, and how its words are joined on.

A model goes on by itself only where it can be given the beginning of its answer. Every other one is shown the end
of the text and asked to repeat it, so that the place is found in what it says. White space does not count in that
comparison: models change it freely.
"""

from collections.abc import Mapping

from tui_failover.wire.delta import as_mapping
from tui_failover.wire.dialect import Dialect

MOST_HELD = 400  # characters of the new part within which the place must be found
_ANCHORS = (40, 80, 160, 320)  # characters to be repeated: the fewest that stand nowhere else in the text
_SURE = 20  # an anchor shorter than this may stand anywhere by chance...
_LEAD = 3  # ...and counts only at the very beginning, after quotation marks or dots at most


class NotTakenUp(Exception):
    """A model was asked to go on, and says something else."""


def anchor_of(text: str) -> str:
    """Return the end of `text` that is to be repeated; "" where no end of it can be told from what came before."""
    sign = _squeezed(text)
    for size in _ANCHORS:
        if size >= len(sign):
            return text.strip()
        if sign.find(sign[-size:]) == len(sign) - size:
            return _last(text.rstrip(), size)
    return ""


def invitation(anchor: str) -> str:
    """Return the turn that asks a model to go on after its own unfinished one."""
    return (
        "Your answer above was cut off by a lost connection. These are its last characters:\n"
        f"<end>{anchor}</end>\n"
        "Write the rest of it. Begin with exactly these characters, so that the two parts can be joined, and go "
        "on from there as if nothing had happened: no introduction, no apology, no tags, no quotation marks."
    )


def sound(text: str) -> str:
    """Return `text` with halves of surrogate pairs joined; one left alone becomes the replacement sign."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Splice:
    """Joins what comes to what was delivered, so that nothing is said twice and nothing is lost.

    Attributes:
        settled: the place has been found; all that follows goes on from it.
        lost: it was not found within `MOST_HELD` characters.
    """

    def __init__(self, delivered: str, anchor: str) -> None:
        """Begin a join.

        Args:
            delivered: the first part.
            anchor: its end, which the new part repeats, with whatever stands before it; a new part that begins the
                whole text again is followed to that end. "" where the new part goes on right after the last
                character that is no white space.
        """
        self.settled = not anchor
        self.lost = False
        self._whole = _squeezed(delivered)
        self._sign = _squeezed(anchor)
        self._owed = delivered[len(delivered.rstrip()) :]
        self._tail = ""
        self._seen = 0
        self._restarts = True

    def feed(self, piece: str) -> str:
        """Return what of `piece` goes to the caller; "" while the place is looked for."""
        if self.lost:
            return ""
        return self._after_space(piece if self.settled else self._after_anchor(piece))

    def _after_anchor(self, piece: str) -> str:
        fresh = _squeezed(piece)
        looked = self._tail + fresh
        at = looked.find(self._sign)
        before = self._seen - len(self._tail) + at
        if at >= 0 and (len(self._sign) >= _SURE or before <= _LEAD):
            self.settled = True
            return _beyond(piece, at + len(self._sign) - len(self._tail))
        self._restarts = self._restarts and self._whole.startswith(fresh, self._seen)
        self._seen += len(fresh)
        self.lost = self._seen > MOST_HELD and not self._restarts
        self._tail = looked[max(0, len(looked) - len(self._sign) + 1) :]
        return ""

    def _after_space(self, piece: str) -> str:
        """Leave out white space that ended the first part and is said again."""
        if not self._owed or not piece:
            return piece
        same = 0
        while same < min(len(piece), len(self._owed)) and piece[same] == self._owed[same]:
            same += 1
        self._owed = self._owed[same:] if same == len(piece) else ""
        return piece[same:]


def may_be_continued(dialect: Dialect, body: Mapping[str, object]) -> bool:
    """Tell whether the answer to a request is one text that another model could go on with."""
    return _PLAIN[dialect](body)


def _plain_chat(body: Mapping[str, object]) -> bool:
    shape = as_mapping(body.get("response_format")).get("type", "text")
    extras = ("logprobs", "top_logprobs", "audio", "web_search_options", "prediction")
    spoken = "audio" in modalities if isinstance(modalities := body.get("modalities"), list) else False
    return shape == "text" and body.get("n") in (None, 1) and not spoken and not any(map(body.get, extras))


def _plain_messages(body: Mapping[str, object]) -> bool:
    shaped = as_mapping(body.get("output_config")).get("format") or body.get("output_format")
    tools = body.get("tools")
    kinds = [as_mapping(tool).get("type") for tool in tools] if isinstance(tools, list) else []
    # A tool that the provider runs itself leaves blocks in the answer that nobody else can go on from.
    return not shaped and all(kind in (None, "custom") for kind in kinds)


_PLAIN = {Dialect.OPENAI: _plain_chat, Dialect.ANTHROPIC: _plain_messages}


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _last(text: str, count: int) -> str:
    """Return the end of `text` that holds so many characters which are no white space."""
    start = len(text)
    while count:
        start -= 1
        count -= not text[start].isspace()
    return text[start:]


def _beyond(text: str, count: int) -> str:
    """Return what follows the first so many characters of `text` which are no white space."""
    at = 0
    while count:
        count -= not text[at].isspace()
        at += 1
    return text[at:]
