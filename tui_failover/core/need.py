"""What a query needs of the model that answers it, as far as models differ in it."""

from enum import StrEnum
from typing import Final


class Need(StrEnum):
    """Something a query asks for that not every model carries."""

    TOOLS = "tools"
    FORCED_TOOL = "forced tool calls"
    IMAGES = "images"
    PDF = "PDF files"
    STRUCTURE = "structured output"
    JSON = "JSON mode"
    SAMPLING = "sampling settings"


Needs = frozenset[Need]
NO_NEEDS: Final[Needs] = frozenset()
EVERY_NEED: Final[Needs] = frozenset(Need)
