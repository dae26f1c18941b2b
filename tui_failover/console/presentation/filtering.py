"""What the filter typed after `/` leaves: whatever contains its text, or, with "!" first, whatever does not."""


def keeps(wanted: str, *texts: str) -> bool:
    """Tell whether the filter leaves what these texts tell of; case is ignored, without a text all is left."""
    needle = text_in(wanted).casefold()
    if not needle:
        return True
    return (needle in " ".join(texts).casefold()) is not inverts(wanted)


def inverts(wanted: str) -> bool:
    """Tell whether the filter leaves what does not contain its text."""
    return wanted.startswith("!")


def text_in(wanted: str) -> str:
    """Return the text the filter looks for; "" leaves everything."""
    return wanted.removeprefix("!").strip()
