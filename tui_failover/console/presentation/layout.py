"""Which blocks are on the screen at which size, and where: whole rectangles, so that nothing is ever guessed.

When space is short the selected provider's detail leaves first, then the agents, then the second line of each
provider, then events down to three; mode, verdict, chain and footer never leave.
"""

from enum import StrEnum
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Picture
from tui_failover.console.presentation import agents
from tui_failover.console.presentation.arrangement import PAIRS_UP_TO, ROOMY, Style

WIDE: Final = 180  # cells from which on a second column stands beside the chain
TALL: Final = 44  # lines from which on that column can be filled

_TOTALS_FROM, _CAPTION_FROM = 13, 11  # lines of the screen
_FEED_LEAST: Final = 4  # the rule and three events
_DETAIL: Final = 15
_DETAIL_LEAST: Final = 7
_LEFT: Final = 0.6
_GAP: Final = 1


class Block(StrEnum):
    """A part of the overview."""

    MODE = "mode"
    VERDICT = "verdict"
    CAPTION = "caption"
    TOTALS = "totals"
    CHAIN = "chain"
    AGENTS = "agents"
    FEED = "feed"
    DETAIL = "detail"
    FOOTER = "footer"


class Rect(Struct, frozen=True):
    """Where a block is, in cells."""

    x: int
    y: int
    width: int
    height: int


class Content(Struct, frozen=True):
    """What there is to show, as far as it decides on sizes; equal contents are laid out equally.

    Attributes:
        providers: how many.
        agent_lines: lines the block of the agents can use.
        caption: a demo has something to say.
    """

    providers: int
    agent_lines: int
    caption: bool


Places = dict[Block, Rect]


def content_of(picture: Picture) -> Content:
    """Return what decides on the layout; the cursor does not, so that moving it moves nothing else."""
    views = picture.snapshot.agents
    longest = max((len(view.chain) for view in views), default=0)
    return Content(len(picture.snapshot.providers), agents.TABLE + len(views) + longest, bool(picture.caption))


def lay_out(content: Content, width: int, height: int) -> Places:
    """Return where each block is on a screen of that size; a block that has no room is absent."""
    places: Places = {}
    y = 0
    for block, shown in (
        (Block.MODE, True),
        (Block.VERDICT, True),
        (Block.CAPTION, content.caption and height >= _CAPTION_FROM),
        (Block.TOTALS, height >= _TOTALS_FROM),
    ):
        if shown:
            places[block] = Rect(0, y, width, 1)
            y += 1
    places[Block.FOOTER] = Rect(0, height - 1, width, 1)
    body = Rect(0, y, width, max(1, height - 1 - y))
    if width >= WIDE and height >= TALL:
        return places | _wide(content, body)
    if width >= ROOMY:
        return places | _medium(content, body)
    return places | _narrow(content, body)


def _wide(content: Content, body: Rect) -> Places:
    left = int(body.width * _LEFT)
    second = Rect(left + _GAP, body.y, body.width - left - _GAP, body.height)
    detail = min(_DETAIL, body.height // 2)
    below = min(content.agent_lines, body.height // 3)
    chain = _chain_height(content.providers, body.height - below)
    return {
        Block.CHAIN: Rect(0, body.y, left, chain),
        Block.AGENTS: Rect(0, body.y + chain, left, body.height - chain),
        Block.FEED: Rect(second.x, second.y, second.width, second.height - detail),
        Block.DETAIL: Rect(second.x, second.y + second.height - detail, second.width, detail),
    }


def _medium(content: Content, body: Rect) -> Places:
    reserve = _reserve(body.height)
    chain = _chain_height(content.providers, body.height - max(reserve, body.height // 2))
    if chain < content.providers * Style.PAIR + 1:
        chain = _chain_height(content.providers, body.height - reserve)
    rest = body.height - chain
    if rest < _FEED_LEAST:
        return {Block.CHAIN: body}
    places = {Block.CHAIN: Rect(0, body.y, body.width, chain)}
    y, feed = body.y + chain, int(body.width * 0.56)
    side = Rect(feed + _GAP, y, body.width - feed - _GAP, rest)
    places[Block.FEED] = Rect(0, y, feed, rest)
    if rest - content.agent_lines >= _DETAIL_LEAST:
        places[Block.AGENTS] = Rect(side.x, y, side.width, content.agent_lines)
        lower = rest - content.agent_lines
        places[Block.DETAIL] = Rect(side.x, y + content.agent_lines, side.width, lower)
        return places
    places[Block.AGENTS] = side
    return places


def _narrow(content: Content, body: Rect) -> Places:
    chain = min(max(3, content.providers + 2), body.height - _reserve(body.height))
    rest = body.height - chain
    if rest < _FEED_LEAST:
        return {Block.CHAIN: body}
    below = min(content.agent_lines, rest * 2 // 5)
    below = below if below >= 2 and rest - below >= _FEED_LEAST else 0
    y = body.y + chain
    places = {Block.CHAIN: Rect(0, body.y, body.width, chain)}
    if below:
        places[Block.AGENTS] = Rect(0, y, body.width, below)
    places[Block.FEED] = Rect(0, y + below, body.width, rest - below)
    return places


def _reserve(height: int) -> int:
    """Return how many lines the chain leaves to the other blocks when it could use them all."""
    if height >= 12:
        return max(_FEED_LEAST, height // 3)
    return _FEED_LEAST if height - _FEED_LEAST >= 5 else 0


def _chain_height(providers: int, most: int) -> int:
    """Return the height for the roomiest style that fits in `most` lines."""
    if providers * Style.CARD + 1 <= most:
        return max(3, providers * Style.CARD + 1)
    if providers <= PAIRS_UP_TO and providers * Style.PAIR + 1 <= most:
        return max(3, providers * Style.PAIR + 1)
    return max(3, min(providers + 2, most))
