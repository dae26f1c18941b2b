"""Names for shell completion, whatever the file holds."""

from pathlib import Path

import pytest

from tests.support.settings import COMPLETE
from tui_failover.config.glimpse import provider_names


def test_names_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(COMPLETE)

    assert provider_names(path) == ("openai-agent", "claude-agent")


@pytest.mark.parametrize(
    "data",
    [b"[providers", b"providers = 1", b"\xff", b"x = " + b"[" * 5000, b'[providers."a\\u001b"]'],
    ids=["syntax", "no-table", "no-text", "nested", "hostile-name"],
)
def test_wrong_file_has_no_names(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(data)

    assert provider_names(path) == ()


def test_missing_file_has_no_names(tmp_path: Path) -> None:
    assert provider_names(tmp_path / "settings.toml") == ()
