"""List prices and context windows of known models, from the data inside genai-prices; no network is asked."""

from decimal import Decimal

from tui_failover.core.spec import Dialect, Price

_SAMPLE = 1_000  # tokens priced at once: some models cost more per token in very long prompts


def price_of(dialect: Dialect, model: str) -> Price | None:
    """Return the vendor's list price of `model`, or None where it is not known; the first call takes about 0.2 s.

    It is the vendor's own price: an endpoint of somebody else that serves the same model may ask for another.
    """
    from genai_prices import Usage, calc_price

    try:
        asked = calc_price(Usage(input_tokens=_SAMPLE), model, provider_id=dialect.value)
        answered = calc_price(Usage(output_tokens=_SAMPLE), model, provider_id=dialect.value)
    except LookupError:
        return None
    return Price(_per_million(asked.total_price), _per_million(answered.total_price))


def context_window_of(dialect: Dialect, model: str) -> int | None:
    """Return how many tokens `model` reads and writes for one query, or None where it is not known."""
    from genai_prices import Usage, calc_price

    try:
        return calc_price(Usage(), model, provider_id=dialect.value).model.context_window
    except LookupError:
        return None


def _per_million(dollars: Decimal) -> int:
    return round(dollars * 1_000_000 * 1_000_000 / _SAMPLE)
