"""The verbs of a deployment: audit, vault, doctor, as a person calls them."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from lamppost.cli._main import run
from lamppost.wiring import key_folder, remember_keys

from .conftest import CANARY, Office
from .test_audit import DIRECT, tamper
from .test_erasure import HERS, plant

Run = pytest.CaptureFixture[str]


@pytest.fixture
def deployed(office: Office) -> Office:
    """A deployment that a service has started once."""
    office.folder.chmod(0o700)
    with office.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO policies (version, digest, state, body, created_at, created_by) "
            "VALUES (1, 'd', 'live', '', 0, 'x')"
        )
    office.act(10)
    return office


def call(office: Office, *words: str) -> int:
    """Run a verb on a deployment."""
    return run([*words, "--data", str(office.folder)])


def test_a_sound_chain(deployed: Office, capsys: Run):
    assert call(deployed, "audit", "verify") == 0
    out, _ = capsys.readouterr()
    assert out.splitlines()[0] == "sound: 10 rows, 10 anchored"
    expect = out.splitlines()[1]
    assert call(deployed, "audit", "verify", "--expect", expect) == 0
    assert call(deployed, "audit", "verify", "--expect", f"10:{'0' * 64}") == 3
    assert "hash you expect" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_tampering_is_said_in_plain_words(deployed: Office, capsys: Run, name: str):
    statements, kind, seq = DIRECT[name]
    deployed.database.close()
    tamper(deployed.folder / "lamppost.db", *statements)
    assert call(deployed, "audit", "verify") == 3
    out, err = capsys.readouterr()
    assert out.startswith("NOT SOUND: ")
    assert f"first row that fails: {seq} ({kind})" in err
    assert call(deployed, "audit", "verify", "--json") == 3
    assert json.loads(capsys.readouterr().out)["problem"]["kind"] == kind


def test_a_chain_without_its_checkpoints_is_not_called_sound(deployed: Office, capsys: Run):
    deployed.anchor.path.unlink()
    assert call(deployed, "audit", "verify") == 3
    assert "no checkpoint is there" in capsys.readouterr().out


def test_another_key_is_not_trusted(deployed: Office, capsys: Run):
    assert call(deployed, "audit", "verify", "--public-key", "ab" * 32) == 3
    assert call(deployed, "audit", "verify", "--public-key", "zz") == 2
    capsys.readouterr()


def test_rows_are_shown(deployed: Office, capsys: Run):
    assert call(deployed, "audit", "show", "--after", "8") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["seq"] for row in rows] == [9, 10]


def test_hold_erase_release_erase(deployed: Office, tmp_path: Path, capsys: Run):
    plant(deployed, "a9", CANARY)
    plant(deployed, "a1", HERS, conversation="c2")
    who = ("--by", "Lee Lead", "--reason", "letter 12")
    assert call(deployed, "vault", "hold", "a9", *who) == 0
    hold = capsys.readouterr().out.strip()
    assert call(deployed, "vault", "holds") == 0
    assert json.loads(capsys.readouterr().out)["id"] == hold
    assert call(deployed, "vault", "erase", "a9", *who) == 4
    assert "legal hold wins" in capsys.readouterr().err
    assert call(deployed, "vault", "release", hold, "--by", "Lee Lead") == 0
    file = tmp_path / "receipt.json"
    assert call(deployed, "vault", "erase", "a9", *who, "--out", str(file)) == 0
    assert CANARY not in capsys.readouterr().err
    public = deployed.signer.public.hex()
    assert run(["vault", "receipt", str(file), "--public-key", public]) == 0
    assert run(["vault", "receipt", str(file), "--public-key", "ab" * 32]) == 3
    file.write_text(file.read_text().replace('"a9"', '"a8"'))
    assert run(["vault", "receipt", str(file)]) == 3
    file.write_text("{}")
    assert run(["vault", "receipt", str(file)]) == 2
    assert call(deployed, "audit", "verify") == 0
    capsys.readouterr()


def test_rotation(deployed: Office, capsys: Run):
    plant(deployed, "a9", CANARY)
    assert call(deployed, "vault", "rotate", "--by", "Lee Lead") == 0
    assert call(deployed, "vault", "rotate", "--by", "Lee Lead", "--account", "a9") == 0
    assert "sealed 1 piece anew" in capsys.readouterr().err
    opened = deployed.reopened().vault.open(person="Dana", case="k1", reason="first review")
    assert [piece.evidence.text for piece in opened] == [CANARY]


def test_a_folder_without_a_database_is_named(tmp_path: Path, capsys: Run):
    for verb in (("audit", "verify"), ("vault", "holds")):
        assert run([*verb, "--data", str(tmp_path / "nothing")]) == 2
    assert "holds no database" in capsys.readouterr().err
    assert run(["doctor", "--data", str(tmp_path / "nothing")]) == 3
    assert not (tmp_path / "nothing").exists()


# --- doctor -----------------------------------------------------------------------------------


def checks(office: Office, capsys: Run, *more: str) -> tuple[int, dict[str, list[str]]]:
    """Exit code, and states by check."""
    capsys.readouterr()
    code = call(office, "doctor", "--json", *more)
    states: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        item = json.loads(line)
        states.setdefault(item["check"], []).append(item["state"])
    return code, states


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch):
    for name in os.environ:
        if name.startswith(("LAMPPOST_", "PG")):
            monkeypatch.delenv(name)


def test_a_fit_deployment(deployed: Office, capsys: Run):
    deployed.sealer.seal("a9", "x", "words")
    code, states = checks(deployed, capsys)
    assert code == 0
    assert states["keys"] == ["ok", "warn"]  # keys and data on one disk
    assert states["audit"] == states["policy"] == states["clock"] == ["ok"]
    assert checks(deployed, capsys, "--strict")[0] == 3


def test_doctor_changes_nothing(deployed: Office, capsys: Run):
    deployed.sealer.seal("a9", "x", "words")
    deployed.database.close()
    before = {path: path.read_bytes() for path in deployed.folder.rglob("*") if path.is_file()}
    checks(deployed, capsys)
    after = {path: path.read_bytes() for path in deployed.folder.rglob("*") if path.is_file()}
    names = {path for path in after if not path.name.endswith(("-wal", "-shm"))}
    assert all(after[path] == before[path] for path in names)


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_doctor_sees_a_key_that_others_can_read(deployed: Office, capsys: Run):
    (deployed.folder / "secret").write_text("x")
    (deployed.folder / "secret").chmod(0o644)
    assert "fail" in checks(deployed, capsys)[1]["keys"]
    (deployed.folder / "secret").chmod(0o600)
    assert "fail" not in checks(deployed, capsys)[1]["keys"]
    (deployed.keys / "signing.key").chmod(0o644)
    code, states = checks(deployed, capsys)
    assert (code, states["keys"]) == (3, ["fail"])


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_doctor_sees_an_open_folder(deployed: Office, capsys: Run):
    deployed.folder.chmod(0o755)
    assert checks(deployed, capsys)[1]["folder"] == ["warn"]


def test_doctor_sees_a_broken_chain_and_missing_guards(deployed: Office, capsys: Run):
    deployed.database.close()
    tamper(deployed.folder / "lamppost.db", "DELETE FROM audit WHERE seq=5")
    code, states = checks(deployed, capsys)
    assert (code, states["audit"]) == (3, ["fail", "fail"])


def test_doctor_sees_a_database_of_another_version(deployed: Office, capsys: Run):
    deployed.database.close()
    tamper(deployed.folder / "lamppost.db", "UPDATE alembic_version SET version_num='0001'")
    code, states = checks(deployed, capsys)
    assert (code, states["database"]) == (3, ["fail"])


def test_doctor_sees_a_damaged_database(deployed: Office, capsys: Run):
    deployed.database.close()
    path = deployed.folder / "lamppost.db"
    path.write_bytes(b"no database at all, but long enough" * 200)
    code, states = checks(deployed, capsys)
    assert (code, states["database"]) == (3, ["fail"])


def test_doctor_sees_that_no_policy_is_live(deployed: Office, capsys: Run):
    with sqlite3.connect(deployed.folder / "lamppost.db") as connection:
        connection.execute("DELETE FROM policies")
    connection.close()
    assert checks(deployed, capsys)[1]["policy"] == ["fail"]


def test_doctor_sees_a_clock_that_went_back(
    deployed: Office, capsys: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("lamppost.wiring.now_ms", lambda: 1_000_000)
    code, states = checks(deployed, capsys)
    assert (code, states["clock"]) == (3, ["fail"])


def test_doctor_sees_a_full_disk(deployed: Office, capsys: Run, monkeypatch: pytest.MonkeyPatch):
    import shutil

    usage = shutil.disk_usage(deployed.folder)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert checks(deployed, capsys)[1]["disk"] == ["fail", "fail"]


def test_doctor_sees_an_open_address_and_secrets_around(
    deployed: Office, capsys: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("LAMPPOST_SECRET", "5e" * 32)
    code, states = checks(deployed, capsys, "--host", "0.0.0.0")
    assert (code, states["network"], states["environment"]) == (0, ["warn"], ["warn"])
    capsys.readouterr()
    call(deployed, "doctor")
    shown = "".join(capsys.readouterr())
    assert "LAMPPOST_SECRET" in shown
    assert "5e5e" not in shown


def test_where_the_keys_are_is_remembered(tmp_path: Path):
    data, keys = tmp_path / "data", tmp_path / "elsewhere"
    assert key_folder(data) == data / "keys"
    remember_keys(data, keys)
    assert key_folder(data) == keys
    assert key_folder(data, tmp_path / "told") == tmp_path / "told"
