"""Files that are no settings files."""

import os
from pathlib import Path

import pytest

from tests.support.settings import COMPLETE, KEYS
from tui_failover.config.files import Unreadable, read_regular
from tui_failover.config.reader import read_settings
from tui_failover.core.errors import SettingsError


def told_of(path: Path) -> str:
    """The one sentence told about the file, without its name."""
    with pytest.raises(SettingsError) as refused:
        read_settings(path, KEYS)
    (sentence,) = refused.value.problems
    assert sentence.startswith(str(path))
    return sentence.removeprefix(str(path))


def test_missing_file_says_how_to_begin(tmp_path: Path) -> None:
    assert told_of(tmp_path / "settings.toml") == (
        ': there is no such file; write one with "tui-failover init", or look around without one with '
        '"tui-failover demo"'
    )


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        pytest.param(
            b"\x7fELF\0\0\0", ": is not a text file; settings are written in TOML, encoded as UTF-8", id="binary"
        ),
        pytest.param(
            COMPLETE.encode("utf-16"),
            ": is not a text file; settings are written in TOML, encoded as UTF-8",
            id="utf-16",
        ),
        pytest.param(b"# one\n# \xe9\n", ":2: is not encoded as UTF-8 here; save the file as UTF-8", id="latin-1"),
        pytest.param(b"#" * (1024 * 1024 + 1), ": is larger than 1024 KiB", id="too-large"),
    ],
)
def test_file_that_is_no_text_is_refused_with_the_reason(tmp_path: Path, data: bytes, sentence: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(data)

    assert told_of(path) == sentence


def test_directory_is_refused(tmp_path: Path) -> None:
    assert told_of(tmp_path) == ": is a directory, not a file"


def test_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)

    assert told_of(path) == ": is not an ordinary file"


def test_path_with_a_null_character_is_refused() -> None:
    with pytest.raises(SettingsError, match="is not the name of a file"):
        read_settings(Path("a\0b"), KEYS)


def test_path_with_control_characters_is_shown_harmless() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings(Path("no\x1b[2Jfile"), KEYS)

    assert "\x1b" not in str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"\xef\xbb\xbf" + COMPLETE.encode(), id="byte-order-mark"),
        pytest.param(COMPLETE.replace("\n", "\r\n").encode(), id="windows-line-ends"),
    ],
)
def test_files_of_other_editors_are_read(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(data)

    settings = read_settings(path, KEYS)

    assert [provider.id for provider in settings.providers] == ["openai-agent", "claude-agent"]


def test_what_is_larger_than_the_limit_by_one_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1025)

    with pytest.raises(Unreadable, match="is larger than 1 KiB"):
        read_regular(path, 1024)
