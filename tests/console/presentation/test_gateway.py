"""The gateway's address, for people and for shells."""

import pytest

from tui_failover.console.presentation.gateway import export_line, forms


def test_the_line_names_the_variables_that_both_vendors_clients_read() -> None:
    assert export_line("http://127.0.0.1:5000") == (
        "export OPENAI_BASE_URL=http://127.0.0.1:5000/v1 ANTHROPIC_BASE_URL=http://127.0.0.1:5000\n"
    )


@pytest.mark.parametrize(
    ("listened_on", "called"),
    [
        ("http://0.0.0.0:5000", "http://127.0.0.1:5000"),
        ("http://[::]:5000", "'http://[::1]:5000'"),
        ("http://gateway.example:80", "http://gateway.example:80"),
    ],
)
def test_where_it_listens_everywhere_the_line_names_a_place_to_go_to(listened_on: str, called: str) -> None:
    assert export_line(listened_on).endswith(f"ANTHROPIC_BASE_URL={called}\n")


def test_the_forms_become_shorter() -> None:
    assert forms("http://127.0.0.1:5000") == (
        "gateway http://127.0.0.1:5000/v1",
        "http://127.0.0.1:5000/v1",
        "gateway :5000",
    )
