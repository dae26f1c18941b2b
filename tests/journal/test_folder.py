"""One process per state folder, and nobody else's eyes in it."""

import os
import stat
from pathlib import Path

import pytest

from tui_failover.journal.folder import StateInUse, exposed, held


def test_a_missing_folder_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"

    with held(folder):
        mode = stat.S_IMODE(folder.stat().st_mode)
        lock = stat.S_IMODE((folder / "lock").stat().st_mode)

    assert (mode, lock) == (0o700, 0o600)
    assert exposed(folder) is None


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StateInUse) as refused, held(tmp_path):
        pass

    assert str(refused.value) == (
        f"{tmp_path}: this state folder is in use by process {os.getpid()}; "
        "end that, or choose another with --state DIR"
    )


def test_a_refused_holder_leaves_the_first_ones_lock_alone(tmp_path: Path) -> None:
    with held(tmp_path):
        for _ in range(2):
            with pytest.raises(StateInUse), held(tmp_path):
                pass


def test_the_folder_is_free_again_afterwards(tmp_path: Path) -> None:
    with held(tmp_path):
        pass

    with held(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_rubbish_in_the_lock_file_is_not_repeated(tmp_path: Path) -> None:
    with held(tmp_path):
        (tmp_path / "lock").write_text("\x1b[2J rm -rf")
        with pytest.raises(StateInUse, match="in use by another process"), held(tmp_path):
            pass


def test_a_link_in_place_of_the_lock_is_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("mine")
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "lock").symlink_to(precious)

    with pytest.raises(OSError, match="symbolic links"), held(folder):
        pass

    assert precious.read_text() == "mine"


def test_a_folder_that_others_may_look_into_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o750)

    assert exposed(tmp_path) == (f"{tmp_path}: others may look into this folder (mode 0750); chmod 700 {tmp_path}")


def test_a_missing_folder_exposes_nothing(tmp_path: Path) -> None:
    assert exposed(tmp_path / "missing") is None
