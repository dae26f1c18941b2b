"""Copies of values in which something is changed.

Values are msgspec's: nobody can change them, and they are made and copied in a fraction of a frozen dataclass's
time. A query makes and copies some forty.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace as replace  # the type checker knows its fields
else:
    from msgspec.structs import replace as replace
