"""Secrets are known from the moment they are read."""

from pathlib import Path

from tui_failover.bootstrap.learning import learning
from tui_failover.config.secret import EnvKey, FileKey, Missing, Secret


def test_every_value_a_file_has_held_when_read_is_learnt(tmp_path: Path) -> None:
    learnt: list[str] = []
    path = tmp_path / "token"
    source = learning(FileKey("token", path), learnt.append)

    for value in ("the-first-token", "the-second-token"):
        path.write_text(value)
        assert source.read() == Secret(value)

    assert learnt == ["the-first-token", "the-second-token"]
    assert source.label == "file:token"


def test_a_value_from_the_environment_is_learnt() -> None:
    learnt: list[str] = []
    source = learning(EnvKey("TOKEN"), learnt.append)

    found = source.read({"TOKEN": "a-made-up-token"})

    assert found == Secret("a-made-up-token")
    assert learnt == ["a-made-up-token"]
    assert source.label == "env:TOKEN"


def test_of_what_is_missing_nothing_is_learnt(tmp_path: Path) -> None:
    learnt: list[str] = []

    found = [
        learning(EnvKey("TOKEN"), learnt.append).read({}),
        learning(FileKey("token", tmp_path / "token"), learnt.append).read(),
    ]

    assert [type(one) for one in found] == [Missing, Missing]
    assert learnt == []
