"""Evidence around findings, and master keys of a key service."""

from __future__ import annotations

import secrets
from pathlib import Path

import msgspec
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, insert

from lamppost.adapters.keys.kms import KeyService, ServiceMasterKeys
from lamppost.adapters.keys.local import FileShredSecrets, LocalKeyService
from lamppost.adapters.stores.schema import cases, log
from lamppost.cases.erasure import about
from lamppost.core.errors import StoreError
from lamppost.service import intake

from .conftest import CANARY, Office


def talk(office: Office, count: int = 20) -> None:
    """A conversation as the service keeps it."""
    with office.database.write() as connection:
        for number in range(count):
            sender = "a9" if number % 2 else "a1"
            connection.execute(insert(log.events), {
                "key": number.to_bytes(16, "big"), "stamp": 0, "known": -1, "partition": 0,
                "kind": "message", "conversation": "c1", "at": number * 60_000, "received": 1,
                "body": msgspec.json.encode({"type": "message", "id": f"m{number}"}),
            })  # fmt: skip
            sealed = office.sealer.seal(sender, about("c1", f"m{number}", 0), f"{CANARY} {number}")
            connection.execute(insert(cases.sealed_texts), {
                "conversation": "c1", "event": f"m{number}", "stamp": 0, "sender": sender,
                "key_id": sealed.key_id, "nonce": sealed.nonce, "received": 1,
                "ciphertext": sealed.ciphertext,
            })  # fmt: skip


def kept(office: Office) -> list[str]:
    """Ids of the messages of case k1, in order."""
    found = office.vault.open(person="Dana Reviewer", case="k1", reason="first review")
    return [piece.evidence.event_id for piece in found]


def test_messages_around_a_finding_are_kept(office: Office):
    talk(office)
    done = office.snapshots.take(case="k1", actor="engine", conversation="c1",
                                 events=["m3", "m12"])  # fmt: skip
    assert done.gone == 0
    assert kept(office) == ["m1", "m2", "m3", "m4", "m5", "m10", "m11", "m12", "m13", "m14"]
    again = office.snapshots.take(case="k1", actor="engine", conversation="c1", events=["m3"])
    assert set(again.items) < set(done.items)
    assert len(kept(office)) == 10


def test_at_the_ends_of_a_conversation(office: Office):
    talk(office, 4)
    office.snapshots.take(case="k1", actor="engine", conversation="c1", events=["m0", "m3"])
    assert kept(office) == ["m0", "m1", "m2", "m3"]


def test_what_is_gone_is_counted(office: Office):
    talk(office, 6)
    with office.database.write() as connection:
        connection.execute(
            delete(cases.sealed_texts).where(cases.sealed_texts.c.event == "m3")
        )  # fmt: skip
    done = office.snapshots.take(case="k1", actor="engine", conversation="c1",
                                 events=["m3", "m99", "m1"])  # fmt: skip
    assert done.gone == 2
    assert kept(office) == ["m0", "m1", "m2", "m4", "m5"]


def test_a_snapshot_outlives_the_texts_at_the_door(office: Office):
    talk(office, 6)
    office.snapshots.take(case="k1", actor="engine", conversation="c1", events=["m3"])
    office.eraser.expire(
        person="retention", state_before=0, log_before=9, sealed_before=9, vault_before=0
    )
    assert kept(office) == ["m1", "m2", "m3", "m4", "m5"]


def test_the_service_binds_texts_as_the_cases_read_them():
    assert intake.about("c1", "m1", 7) == about("c1", "m1", 7)


# --- a key service ----------------------------------------------------------------------------


class MemoryService:
    """A key service as another machine would run it."""

    def __init__(self) -> None:
        self.made: dict[str, bytes] = {}

    def keys(self) -> list[str]:
        return list(self.made)

    def create(self) -> str:
        name = f"remote-{secrets.token_hex(4)}"
        self.made[name] = secrets.token_bytes(32)
        return name

    def encrypt(self, key: str, plain: bytes, context: bytes) -> bytes:
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.made[key]).encrypt(nonce, plain, context)

    def decrypt(self, key: str, sealed: bytes, context: bytes) -> bytes:
        try:
            return AESGCM(self.made[key]).decrypt(sealed[:12], sealed[12:], context)
        except (KeyError, InvalidTag):
            raise StoreError("the key service refused") from None

    def destroy(self, key: str) -> None:
        del self.made[key]


@pytest.fixture(params=["memory", "local"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> KeyService:
    """Each implementation of the port."""
    return MemoryService() if request.param == "memory" else LocalKeyService(tmp_path / "kms")


def test_a_key_service_wraps_and_unwraps(service: KeyService):
    masters = ServiceMasterKeys(service)
    wrapped = masters.wrap(b"k" * 32, b"here")
    assert b"k" * 32 not in wrapped
    assert masters.unwrap(wrapped, b"here") == b"k" * 32
    assert masters.wrapped_by(wrapped) == masters.current
    for wrong in (lambda: masters.unwrap(wrapped, b"there"),
                  lambda: masters.unwrap(wrapped[:-1] + b"x", b"here"),
                  lambda: masters.unwrap(b"nonsense", b"here")):  # fmt: skip
        with pytest.raises(StoreError):
            wrong()


def test_a_key_service_rotates_and_retires(service: KeyService):
    masters = ServiceMasterKeys(service)
    first = masters.current
    wrapped = masters.wrap(b"k" * 32, b"here")
    second = masters.rotate()
    assert masters.current == second != first
    assert masters.unwrap(wrapped, b"here") == b"k" * 32
    assert masters.retire() == [first]
    with pytest.raises(StoreError):
        masters.unwrap(wrapped, b"here")


def test_the_key_folder_alone_opens_nothing_of_a_remote_service(tmp_path: Path):
    remote = MemoryService()
    FileShredSecrets(tmp_path / "keys", ServiceMasterKeys(remote)).secret("s1.1")
    thief = FileShredSecrets(tmp_path / "keys", ServiceMasterKeys(MemoryService()))
    with pytest.raises(StoreError, match="refused"):
        thief.secret("s1.1")
