"""How many tokens a request takes, guessed without its provider's tokenizer."""

import math

from tui_failover.wire.conversation import (
    Block,
    Document,
    Image,
    Inline,
    Opaque,
    Refusal,
    Request,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolResult,
)
from tui_failover.wire.json_text import json_line
from tui_failover.wire.tokens import CHARACTERS_PER_TOKEN

_PER_PICTURE = 1_600  # the most a picture takes after the vendors resize it, roughly
_PER_PAGE = 2_000
_PAGE = 100_000  # characters of base64
_PER_TURN = 4


def estimated_tokens(request: Request) -> int:
    """Return the input tokens of `request`: system prompt, conversation, tools, pictures and files."""
    blocks = [block for turn in request.turns for block in turn.blocks]
    characters = sum(len(text.text) for text in request.system) + sum(map(_tool, request.tools))
    return sum(map(_block, blocks)) + _PER_TURN * len(request.turns) + math.ceil(characters / CHARACTERS_PER_TOKEN)


def _tool(tool: Tool) -> int:
    return len(tool.name) + len(tool.description) + _size(tool.schema or {})


def _block(block: Block) -> int:
    match block:
        case Text(text) | Refusal(text) | Thinking(text):
            return _words(text)
        case Image():
            return _PER_PICTURE
        case Document(source):
            pages = math.ceil(len(source.data) / _PAGE) if isinstance(source, Inline) else 1
            return _PER_PAGE * pages
        case ToolCall(name=name, arguments=arguments):
            return _words(name + arguments)
        case ToolResult(content=content):
            return sum(map(_block, content))
        case Opaque(document=document):
            return math.ceil(_size(document) / CHARACTERS_PER_TOKEN)


def _size(value: object) -> int:
    try:
        return len(json_line(value))
    except RecursionError:
        return 0  # nested beyond what any provider takes; its translation is refused


def _words(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)
