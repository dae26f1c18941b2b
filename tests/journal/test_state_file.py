"""The state file: whole at every instant, private, and never overwritten where it could not be understood."""

import stat
from pathlib import Path

import pytest
from hypothesis import given

from tests.journal.faulty_disk import Died, FaultyDisk
from tests.journal.states import AGENT, UTC, Letters, a_state, states
from tui_failover.core.kept import Kept
from tui_failover.core.names import ProviderId
from tui_failover.journal.state_file import NAME, StateFile, forget
from tui_failover.journal.state_text import decode, encode

STEPS = ["create", "write", "sync", "replace", "sync_folder"]


def loaded(folder: Path) -> Kept | None:
    restored = StateFile(folder, Letters()).load(UTC)
    assert restored is None or restored.ignored == ()
    return None if restored is None else restored.kept


def written(folder: Path, text: str) -> Path:
    path = folder / NAME
    path.write_text(text, encoding="utf-8")
    return path


@given(states)
def test_whatever_is_kept_is_read_back_as_it_was(kept: Kept) -> None:
    restored = decode(encode(kept, Letters()), Letters())

    assert restored.kept.says_the_same_as(kept)
    assert restored.kept.taken_utc == pytest.approx(kept.taken_utc, abs=1e-3)
    assert restored.ignored == ()


def test_without_a_file_there_is_nothing_to_restore(tmp_path: Path) -> None:
    assert loaded(tmp_path) is None


def test_what_was_saved_last_is_loaded(tmp_path: Path) -> None:
    file = StateFile(tmp_path, Letters())

    file.save(a_state("B"))
    file.save(a_state("C"))

    assert loaded(tmp_path) == a_state("C")


def test_the_file_is_for_its_owner_only_and_alone_in_its_folder(tmp_path: Path) -> None:
    StateFile(tmp_path, Letters()).save(a_state())

    (path,) = tmp_path.iterdir()
    assert path.name == NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_file_says_what_it_is_and_how_to_be_rid_of_it(tmp_path: Path) -> None:
    StateFile(tmp_path, Letters()).save(a_state())

    head = (tmp_path / NAME).read_text(encoding="utf-8").splitlines()[:2]

    assert "ordered and configured while tui-failover was running" in head[0]
    assert "tui-failover reset-state" in head[1]


def test_the_content_is_on_disk_before_its_name_and_the_name_before_the_return(tmp_path: Path) -> None:
    disk = FaultyDisk(most=100)

    StateFile(tmp_path, Letters(), disk).save(a_state())

    assert [one for one in dict.fromkeys(disk.steps) if one != "remove"] == STEPS
    assert disk.steps.count("write") > 1
    assert loaded(tmp_path) == a_state()


@pytest.mark.parametrize("step", STEPS)
def test_a_full_disk_leaves_the_old_state_or_the_new_one_and_no_rubbish(tmp_path: Path, step: str) -> None:
    StateFile(tmp_path, Letters()).save(a_state("B"))

    with pytest.raises(OSError, match="No space left"):
        StateFile(tmp_path, Letters(), FaultyDisk(refuses=step)).save(a_state("C"))

    assert loaded(tmp_path) == a_state("C" if step == "sync_folder" else "B")
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize("number", range(12))
def test_a_process_killed_at_any_step_leaves_the_old_state_or_the_new_one(tmp_path: Path, number: int) -> None:
    StateFile(tmp_path, Letters()).save(a_state("B"))
    disk = FaultyDisk(dies=number, most=100)

    try:
        StateFile(tmp_path, Letters(), disk).save(a_state("C"))
    except Died:
        survived = a_state("C") if "replace" in disk.steps else a_state("B")
    else:
        survived = a_state("C")

    assert loaded(tmp_path) == survived
    StateFile(tmp_path, Letters()).save(a_state("D"))
    assert [one.name for one in tmp_path.iterdir()] == [NAME]


GARBAGE = {
    "empty": "",
    "no TOML": "{]",
    "binary": "\0\1\2",
    "cut off": encode(a_state(), Letters()).decode()[:-90],
    "from the future": encode(a_state(), Letters()).decode().replace("version = 1", "version = 2"),
    "another type": encode(a_state(), Letters()).decode().replace('active = "B"', "active = 7"),
    "another key": encode(a_state(), Letters()).decode() + "\n[elsewhere]\n",
    "a date without a zone": encode(a_state(), Letters()).decode().replace("+00:00", ""),
    "nested": "a = " + "[" * 5000,
}


@pytest.mark.parametrize("text", GARBAGE.values(), ids=GARBAGE)
def test_a_broken_file_is_set_aside_whole_and_told(tmp_path: Path, text: str) -> None:
    written(tmp_path, text)

    restored = StateFile(tmp_path, Letters()).load(UTC)

    aside = tmp_path / "state.broken-20260921T141320Z.toml"
    assert restored is not None
    assert restored.kept == Kept()
    (told,) = restored.ignored
    assert told.startswith("the state file could not be used (")
    assert told.endswith(f"and is set aside as {aside.name}")
    assert [one.name for one in tmp_path.iterdir()] == [aside.name]
    assert aside.read_text(encoding="utf-8") == text


def test_a_second_broken_file_of_the_same_second_replaces_neither(tmp_path: Path) -> None:
    for text in ("first", "second", "third"):
        written(tmp_path, text)
        StateFile(tmp_path, Letters()).load(UTC)

    assert sorted(one.read_text() for one in tmp_path.iterdir()) == ["first", "second", "third"]


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(encode(a_state(), Letters()))
    (tmp_path / NAME).symlink_to(elsewhere)

    restored = StateFile(tmp_path, Letters()).load(UTC)

    assert restored is not None
    assert restored.kept == Kept()
    assert elsewhere.read_bytes() == encode(a_state(), Letters())


def test_a_broken_file_that_cannot_be_set_aside_is_an_error_and_stays(tmp_path: Path) -> None:
    path = written(tmp_path, "broken")

    with pytest.raises(OSError, match="No space left"):
        StateFile(tmp_path, Letters(), FaultyDisk(refuses="replace")).load(UTC)

    assert path.read_text(encoding="utf-8") == "broken"


def test_tables_that_are_no_longer_in_order_are_left_out_and_told() -> None:
    kept = Kept(
        providers={ProviderId(one): Letters().provider(one, {"model": 1, "api_key_env": 1}) for one in "AX"}
    )

    restored = decode(encode(kept, Letters()), Letters(unusable="X"))

    assert list(restored.kept.providers) == ["A"]
    assert restored.ignored == ("provider X: model: is missing",)


def test_foreign_text_in_the_file_is_harmless_when_it_comes_back(tmp_path: Path) -> None:
    text = encode(a_state(by="ann"), Letters()).decode().replace('"ann"', r'"a\u001b[2Jn\u202en"')
    written(tmp_path, text)

    restored = StateFile(tmp_path, Letters()).load(UTC)

    assert restored is not None
    pin = restored.kept.routes[AGENT].pin
    assert pin is not None
    assert pin.by == "a[2Jnn"


def test_an_expiry_beyond_what_a_date_can_tell_is_kept_as_the_last_one(tmp_path: Path) -> None:
    kept = a_state()
    route = kept.routes[AGENT]
    assert route.pin is not None
    far = Kept(UTC, {AGENT: type(route)(route.active, 1e30, "", first=False)})

    StateFile(tmp_path, Letters()).save(far)

    restored = loaded(tmp_path)
    assert restored is not None
    assert restored.routes[AGENT].since_utc == 253_402_300_799.0


def test_forgetting_removes_the_file_and_tells_whether_there_was_one(tmp_path: Path) -> None:
    StateFile(tmp_path, Letters()).save(a_state())

    assert forget(tmp_path)
    assert not forget(tmp_path)
    assert loaded(tmp_path) is None
