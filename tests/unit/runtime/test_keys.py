"""Key files: made once, never overwritten, for the owner's eyes only."""

import base64
import json
import stat
import threading

import pytest

from services.shared.runtime import keys


def test_init_makes_every_key_for_the_owner_alone(tmp_path):
    made = keys.init(tmp_path / "keys")

    assert made == ["seal", "jwt", "evidence", "index", "kek", "id"]
    secrets = sorted((tmp_path / "keys").glob("*.key"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in secrets] == [0o600] * 6
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert sorted(path.name for path in (tmp_path / "keys").glob("*.pub")) == ["evidence.pub", "jwt.pub", "seal.pub"]


def test_a_second_init_changes_nothing(tmp_path):
    keys.init(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert keys.init(tmp_path) == []

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_two_processes_at_once_agree_on_one_key(tmp_path):
    together = threading.Barrier(4)

    def race():
        together.wait()
        keys.init(tmp_path)

    threads = [threading.Thread(target=race) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for purpose in ("seal", "jwt", "evidence"):
        assert keys.load(tmp_path, purpose).public == keys.load_public(tmp_path, purpose).public
    assert [path.name for path in tmp_path.iterdir() if ".key." in path.name] == []


def test_a_lost_key_is_never_made_anew(tmp_path):
    keys.init(tmp_path)
    (tmp_path / "id.key").unlink()

    with pytest.raises(keys.KeyFileError, match=r"id\.key was made before and has gone"):
        keys.init(tmp_path)


def test_an_init_that_was_cut_off_is_finished_by_the_next(tmp_path):
    keys.init(tmp_path)
    seal = keys.load(tmp_path, "seal")
    for name in (".made", "id.key", "seal.pub"):
        (tmp_path / name).unlink()

    assert keys.init(tmp_path) == ["id"]

    assert keys.load_public(tmp_path, "seal").public == seal.public


def test_a_key_that_others_may_read_is_not_used(tmp_path):
    keys.init(tmp_path)
    (tmp_path / "kek.key").chmod(0o640)

    with pytest.raises(keys.KeyFileError, match="chmod 600"):
        keys.load(tmp_path, "kek")


def test_a_changed_key_is_noticed_by_its_id(tmp_path):
    keys.init(tmp_path)
    kid = (tmp_path / "index.key").read_text().split()[0]
    (tmp_path / "index.key").write_text(f"{kid}\n{base64.b64encode(bytes(32)).decode()}\n")

    with pytest.raises(keys.KeyFileError, match="does not hold the key that its key id names"):
        keys.load(tmp_path, "index")


@pytest.mark.parametrize("content", ["", "one line", "kid\n***", "kid\nAAAA", "a\nb\nc"])
def test_what_is_no_key_file_is_told_in_one_line(tmp_path, content):
    (tmp_path / "seal.pub").write_text(content)

    with pytest.raises(keys.KeyFileError, match=r"seal\.pub"):
        keys.load_public(tmp_path, "seal")


def test_a_missing_file_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(keys.KeyFileError, match="swtalent keys init"):
        keys.load(tmp_path, "jwt")


def test_a_key_does_not_show_itself(tmp_path):
    keys.init(tmp_path)
    key = keys.load(tmp_path, "kek")

    assert repr(key) == f"Key({key.kid})"


def test_the_command_makes_and_shows_key_ids_only(tmp_path, capsys):
    assert keys.main(["init", "--dir", str(tmp_path), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert keys.main(["show", "--dir", str(tmp_path), "--json"]) == 0
    second = json.loads(capsys.readouterr().out)

    assert first["made"] == list(keys.PURPOSES)
    assert (second["made"], second["keys"]) == ([], first["keys"])


def test_the_command_fails_in_one_line(tmp_path, capsys):
    assert keys.main(["show", "--dir", str(tmp_path)]) == 1

    assert capsys.readouterr().err.count("\n") == 1


def test_a_folder_may_hold_one_purpose_alone_and_the_others_later(tmp_path):
    assert keys.init(tmp_path, purposes=("jwt",)) == ["jwt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [".made", "jwt.key", "jwt.pub"]

    assert keys.init(tmp_path) == ["seal", "evidence", "index", "kek", "id"]
    (tmp_path / "jwt.key").unlink()
    with pytest.raises(keys.KeyFileError, match="has gone"):
        keys.init(tmp_path, purposes=("jwt",))


def test_a_rotated_key_leaves_its_predecessor_to_open_what_it_closed(tmp_path):
    keys.init(tmp_path)
    before = keys.load(tmp_path, "seal")

    after = keys.rotate(tmp_path, "seal")

    assert after.kid != before.kid
    assert [key.kid for key in keys.load_all(tmp_path, "seal")] == [after.kid, before.kid]
    assert keys.load_public(tmp_path, "seal").public == after.public
    assert stat.S_IMODE((tmp_path / "seal.key").stat().st_mode) == 0o600
    assert keys.init(tmp_path) == []


def test_a_rotation_that_was_cut_off_is_mended_by_another(tmp_path):
    keys.init(tmp_path)
    old = (tmp_path / "jwt.pub").read_bytes()
    keys.rotate(tmp_path, "jwt")
    (tmp_path / "jwt.pub").write_bytes(old)  # as if the process had ended between the two files
    (tmp_path / ".jwt.key.next").write_text("half")

    keys.rotate(tmp_path, "jwt")

    assert keys.load_public(tmp_path, "jwt").public == keys.load(tmp_path, "jwt").public
    assert len(keys.load_all(tmp_path, "jwt")) == 3


@pytest.mark.parametrize("purpose", ["id", "index", "evidence"])
def test_a_key_that_is_part_of_what_it_made_is_never_rotated(tmp_path, purpose):
    keys.init(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(keys.KeyFileError, match="never rotated"):
        keys.rotate(tmp_path, purpose)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_the_command_rotates_one_purpose(tmp_path, capsys):
    keys.init(tmp_path, purposes=("kek",))

    assert keys.main(["rotate", "--purpose", "kek", "--dir", str(tmp_path), "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert (told["made"], told["keys"]["kek"]) == (["kek"], keys.load(tmp_path, "kek").kid)
    with pytest.raises(SystemExit):
        keys.main(["rotate", "--dir", str(tmp_path)])
