"""Coming in: password or identity provider, then the second factor, then a session.

Nobody is told whether an address is known. After `TRIES` wrong passwords or codes in a row an
account is closed for `CLOSED` ms; addresses on the network are slowed down besides. A session is
always new: what a browser held before is worth nothing afterwards.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from lamppost.cases.ports import StaffStore
from lamppost.cases.rights import Role
from lamppost.cases.staff import Staff, StaffSession
from lamppost.console.door import passwords, second_factor
from lamppost.console.door.oidc import Identity
from lamppost.console.security import IDLE, LONGEST, Refused, hash_of, new_token
from lamppost.core.errors import UsageError

TRIES: Final = 5
CLOSED: Final = 15 * 60_000
INVITED: Final = 7 * 24 * 3_600_000
_SEEN: Final = 60_000
_UNKNOWN: Final = 10_000
Note = Callable[[str, str, str, dict[str, object]], None]
"""Actor, act, subject, details."""


class Safe(Protocol):
    """Seals small secrets."""

    def seal(self, about: str, plain: bytes) -> bytes:
        """Encrypt."""
        ...

    def open(self, about: str, sealed: bytes) -> bytes:
        """Decrypt."""
        ...


class FirstWord(Protocol):
    """The one-time word of a new deployment."""

    def get(self, name: str) -> bytes | None:
        """A setting."""
        ...

    def put(self, name: str, value: bytes) -> None:
        """Set it."""
        ...


class Door:
    """Signs people in and out."""

    def __init__(
        self,
        store: StaffStore,
        settings: FirstWord,
        safe: Safe,
        note: Note,
        clock: Callable[[], int],
    ) -> None:
        self.store = store
        self._settings = settings
        self._safe = safe
        self._note = note
        self._clock = clock
        self._turn = threading.Lock()
        self._strangers: dict[str, tuple[int, int]] = {}

    # --- first factor -----------------------------------------------------------------------

    def password(self, email: str, password: str) -> Staff:
        """Who has given a right password. Raises `Refused`."""
        now = self._clock()
        staff = self.store.by_email(email) if email else None
        if staff is None:
            passwords.right(None, password)
            self._stranger(email, now)
            raise Refused(403, "fault.password")
        self._open(staff, now)
        good = passwords.right(staff.password_hash, password)
        if not good or staff.disabled_at is not None:
            self._failed(staff, now)
            raise Refused(403, "fault.password")
        if staff.password_hash is not None and passwords.weak(staff.password_hash):
            fresh = passwords.hashed(password)
            staff = self.store.change(
                staff.id, lambda one: msgspec.structs.replace(one, password_hash=fresh)
            )
        return staff

    def first_start(self) -> bool:
        """Whether nobody has used the word of the first start yet."""
        return bool(self._settings.get("sign_in"))

    def invited(self, word: str) -> Staff | None:
        """Whom a one-time word was made for; `None` for the word of the first start.

        Raises `Refused` for any other word.
        """
        digest = hash_of(word.strip())
        first = self._settings.get("sign_in")
        if first and secrets.compare_digest(first, digest.encode()):
            return None
        staff = self.store.by_invite(digest)
        now = self._clock()
        if staff is None or staff.disabled_at is not None or (staff.invite_expires_at or 0) <= now:
            raise Refused(403, "fault.word")
        return staff

    def join(self, word: str, *, name: str, email: str, password: str) -> Staff:
        """Use a one-time word up: the first admin is made, or an invited person takes a password.

        Raises `Refused` for a wrong word and `UsageError` for a password that is not taken.
        """
        with self._turn:
            staff = self.invited(word)
            if staff is not None:
                kept = passwords.hashed(password, staff.email)
                made = self.store.change(
                    staff.id,
                    lambda one: msgspec.structs.replace(
                        one,
                        password_hash=kept,
                        invite_hash=None,
                        invite_expires_at=None,
                        failures=0,
                        locked_until=0,
                        totp_secret_sealed=None,
                    ),
                )
            else:
                if "@" not in email or not name:
                    raise UsageError("is not an e-mail address", where="email")
                kept = passwords.hashed(password, email)
                made = Staff(
                    id=secrets.token_hex(8),
                    name=name,
                    email=email,
                    roles=frozenset({"admin"}),
                    created_at=self._clock(),
                    password_hash=kept,
                )
                self.store.add(made)
                self._settings.put("sign_in", b"")
        self._note(made.id, "staff.join", made.id, {})
        return made

    def let_in(self, word: str) -> Staff:
        """Use a one-time word up without a password, in a demonstration. Raises `Refused`."""
        with self._turn:
            staff = self.invited(word)
            if staff is None:
                raise Refused(403, "fault.word")
            made = self.store.change(
                staff.id,
                lambda one: msgspec.structs.replace(one, invite_hash=None, invite_expires_at=None),
            )
        self._note(made.id, "staff.join", made.id, {})
        return made

    def known(self, identity: Identity) -> Staff:
        """Whom an identity provider's word is about. Raises `Refused` for somebody not added."""
        subject = f"{identity.issuer}|{identity.subject}"
        staff = self.store.by_oidc(subject)
        if staff is None and identity.email:
            staff = self.store.by_email(identity.email)
            if staff is not None and staff.oidc_subject is None and staff.disabled_at is None:
                staff = self.store.change(
                    staff.id,
                    lambda one: msgspec.structs.replace(
                        one, oidc_subject=subject, invite_hash=None, invite_expires_at=None
                    ),
                )
                self._note(staff.id, "staff.link", staff.id, {})
        if staff is None or staff.oidc_subject != subject or staff.disabled_at is not None:
            raise Refused(403, "fault.not_added")
        return staff

    # --- second factor ----------------------------------------------------------------------

    def code(self, staff: Staff, code: str) -> None:
        """Check a code of the second factor; each counts once. Raises `Refused`."""
        now = self._clock()
        self._open(staff, now)
        secret = self.secret_of(staff)
        step = second_factor.step_of(secret, code, now, staff.totp_last) if secret else None
        if step is None:
            self._failed(staff, now)
            raise Refused(403, "fault.code")

        def use(one: Staff) -> Staff:
            if one.totp_last >= step:
                raise Refused(403, "fault.code")
            return msgspec.structs.replace(one, totp_last=step, failures=0, locked_until=0)

        self.store.change(staff.id, use)

    def secret_of(self, staff: Staff) -> str | None:
        """The secret of somebody's second factor, if they have one."""
        if staff.totp_secret_sealed is None:
            return None
        return self._safe.open(f"totp {staff.id}", staff.totp_secret_sealed).decode()

    def enrol(self, staff: Staff, secret: str, code: str) -> Staff:
        """Take a second factor into use, having seen a code of it. Raises `Refused`."""
        step = second_factor.step_of(secret, code, self._clock(), 0)
        if step is None:
            raise Refused(403, "fault.code")
        sealed = self._safe.seal(f"totp {staff.id}", secret.encode())
        made = self.store.change(
            staff.id,
            lambda one: msgspec.structs.replace(
                one, totp_secret_sealed=sealed, totp_last=step, failures=0, locked_until=0
            ),
        )
        self._note(staff.id, "staff.enrol", staff.id, {})
        return made

    def confirm(self, staff: Staff, password: str, code: str) -> None:
        """Prove once more who one is. Raises `Refused`."""
        now = self._clock()
        self._open(staff, now)
        if not passwords.right(staff.password_hash, password):
            self._failed(staff, now)
            raise Refused(403, "fault.password")
        self.code(staff, code)

    # --- sessions ---------------------------------------------------------------------------

    def begin(self, staff: Staff, old: StaffSession | None = None) -> tuple[str, StaffSession]:
        """A new session, in the place of an old one: its cookie and what is kept of it."""
        now = self._clock()
        token = new_token()
        made = StaffSession(
            id_hash=hash_of(token),
            staff_id=staff.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LONGEST,
            reauthenticated_at=now,
            csrf_secret=new_token(),
        )
        self.store.put_session(made)
        if old is not None:
            self.store.end_session(old.id_hash)
        else:
            self.store.expire_sessions(now)
            self._note(staff.id, "staff.sign_in", staff.id, {})
        return token, made

    def find(self, token: str) -> tuple[StaffSession, Staff] | None:
        """The session of a cookie and its person, if both still count."""
        if not 20 < len(token) < 100:
            return None
        session = self.store.session(hash_of(token))
        if session is None:
            return None
        now = self._clock()
        staff = self.store.staff(session.staff_id)
        if (
            now >= session.expires_at
            or now - session.last_seen_at >= IDLE
            or staff is None
            or staff.disabled_at is not None
        ):
            self.store.end_session(session.id_hash)
            return None
        if now - session.last_seen_at > _SEEN:
            session = msgspec.structs.replace(session, last_seen_at=now)
            self.store.put_session(session)
        return session, staff

    def leave(self, session: StaffSession) -> None:
        """Sign out."""
        self.store.end_session(session.id_hash)
        self._note(session.staff_id, "staff.sign_out", session.staff_id, {})

    # --- staff ------------------------------------------------------------------------------

    def invite(
        self, by: str, *, name: str, email: str, roles: frozenset[Role]
    ) -> tuple[Staff, str]:
        """Add a person; returns them and the one-time word to hand over. Raises `UsageError`."""
        if "@" not in email or len(email) > 254 or any(c.isspace() for c in email):
            raise UsageError("is not an e-mail address", where="email")
        word = secrets.token_urlsafe(24)
        staff = Staff(
            id=secrets.token_hex(8),
            name=name,
            email=email,
            roles=frozenset(roles),
            created_at=self._clock(),
            invite_hash=hash_of(word),
            invite_expires_at=self._clock() + INVITED,
        )
        self.store.add(staff)
        self._note(by, "staff.add", staff.id, {"roles": sorted(roles)})
        return staff, word

    def invite_again(self, by: str, identifier: str) -> str:
        """A new one-time word for somebody; their password, code and sessions end."""
        word = secrets.token_urlsafe(24)
        until = self._clock() + INVITED
        self.store.change(
            identifier,
            lambda one: msgspec.structs.replace(
                one,
                invite_hash=hash_of(word),
                invite_expires_at=until,
                password_hash=None,
                totp_secret_sealed=None,
                failures=0,
                locked_until=0,
            ),
        )
        self.store.end_sessions(identifier)
        self._note(by, "staff.reset", identifier, {})
        return word

    # --- parts ------------------------------------------------------------------------------

    def _open(self, staff: Staff, now: int) -> None:
        if now < staff.locked_until:
            raise Refused(429, "fault.closed")

    def _failed(self, staff: Staff, now: int) -> None:
        def count(one: Staff) -> Staff:
            failures = one.failures + 1
            if failures < TRIES:
                return msgspec.structs.replace(one, failures=failures)
            return msgspec.structs.replace(one, failures=0, locked_until=now + CLOSED)

        after = self.store.change(staff.id, count)
        if after.locked_until > now:
            self.store.end_sessions(staff.id)
            self._note(staff.id, "staff.lock", staff.id, {"minutes": CLOSED // 60_000})

    def _stranger(self, email: str, now: int) -> None:
        """Treat an address that nobody has as one that somebody has."""
        name = hash_of(email.casefold())
        with self._turn:
            if len(self._strangers) > _UNKNOWN:
                self._strangers.clear()
            failures, until = self._strangers.get(name, (0, 0))
            if now < until:
                raise Refused(429, "fault.closed")
            failures += 1
            full = failures >= TRIES
            self._strangers[name] = (0, now + CLOSED) if full else (failures, 0)
