"""What a rehearsed provider says when it is asked to go on with an answer that broke off."""

import re
from collections.abc import Mapping
from enum import StrEnum

_QUOTED = re.compile(r"<end>(.*)</end>", re.DOTALL)
_SOMETHING_ELSE = "Certainly! Which part would you like me to go into? I can begin wherever you want me to. "


class Resuming(StrEnum):
    """How a model goes on: from the words it is shown, from the beginning, or not at all."""

    REPEATS = "repeats"
    RESTARTS = "restarts"
    IGNORES = "ignores"


def resumed(says: str, body: Mapping[str, object], way: Resuming) -> str:
    """Return what is said of `says` in answer to the request `body`: all of it, unless that holds a part already.

    A last turn of the assistant's is gone on from at once, as models do that can.
    """
    role, text = _last_turn(body)
    if role == "assistant" and text and says.startswith(text):
        return says[len(text) :]
    quoted = _QUOTED.search(text)
    if quoted is None or way is Resuming.RESTARTS:
        return says
    if way is Resuming.IGNORES:
        return _SOMETHING_ELSE * 7
    return says[max(0, says.find(quoted[1])) :]


def _last_turn(body: Mapping[str, object]) -> tuple[str, str]:
    messages = body.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict):
        return "", ""
    content = last.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return str(last.get("role", "")), content if isinstance(content, str) else ""
