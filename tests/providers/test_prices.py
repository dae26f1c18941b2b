"""List prices of known models."""

import pytest

from tui_failover.core.spec import Dialect, Price
from tui_failover.providers import price_of


@pytest.mark.parametrize(
    ("dialect", "model", "expected"),
    [
        (Dialect.OPENAI, "gpt-4o-mini", Price(150_000, 600_000)),
        (Dialect.ANTHROPIC, "claude-sonnet-4-5", Price(3_000_000, 15_000_000)),
    ],
)
def test_price_is_in_micro_dollars_per_million_tokens(dialect: Dialect, model: str, expected: Price) -> None:
    assert price_of(dialect, model) == expected


@pytest.mark.parametrize("model", ["", "no-such-model", "llama3:8b", "\x1b[2J"])
@pytest.mark.parametrize("dialect", Dialect, ids=str)
def test_unknown_model_has_no_price(dialect: Dialect, model: str) -> None:
    assert price_of(dialect, model) is None
