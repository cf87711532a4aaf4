"""Pages at the door: sign in, first start, code, enrolment, identity provider, sign out."""

from __future__ import annotations

from typing import Any, Final

from litestar import get, post
from litestar.exceptions import TooManyRequestsException

from lamppost.cases.staff import Staff
from lamppost.console.asking import (
    DOOR,
    LOOK,
    Answer,
    Asked,
    Visit,
    asked,
    go,
    ours,
    page,
    text_of,
    visit_of,
)
from lamppost.console.door import second_factor
from lamppost.console.door.oidc import Leaving
from lamppost.console.security import HALF, PUBLIC, SIGNED_IN, Refused
from lamppost.console.shown import ROOT, drawn
from lamppost.console.wording import LANGUAGES
from lamppost.core.errors import PolicyError, UsageError

_YEAR: Final = 365 * 86_400


@get("/", opt={"right": PUBLIC}, sync_to_thread=False)
def outside(request: Asked) -> Answer:
    """The address alone leads to the pages."""
    return go(request, f"{ROOT}/")


@get("/", opt={"right": SIGNED_IN}, sync_to_thread=True)
def home(request: Asked) -> Answer:
    """The first page that somebody may see."""
    visit = visit_of(request)
    return go(request, f"{ROOT}{visit.console.first_page(visit)}")


@get("/sign-in", opt={"right": PUBLIC}, sync_to_thread=True)
def show_sign_in(request: Asked) -> Answer:
    """Ask for address and password."""
    visit = visit_of(request)
    if visit.staff is not None:
        return go(request, f"{ROOT}/")
    return _sign_in(request, to=ours(asked(request, "to", 2048)))


@post("/sign-in", opt={"right": PUBLIC}, status_code=200, sync_to_thread=True)
def sign_in(request: Asked) -> Answer:
    """Check address and password; the code comes next."""
    visit = visit_of(request)
    to = ours(text_of(request, "to", 2048))
    email = text_of(request, "login", 254)
    _slow(visit)
    try:
        staff = visit.console.door.password(email, text_of(request, "password", 256))
    except Refused as error:
        fault = visit.t(error.reason)
        return _sign_in(request, to=to, status=error.status_code, login=email, fault=fault)
    return _next(request, staff, to)


def _sign_in(
    request: Asked, *, to: str, status: int = 200, login: str = "", fault: str = ""
) -> Answer:
    console = visit_of(request).console
    return page(
        request,
        "sign_in.html.j2",
        status=status,
        to=to,
        login=login,
        faults={"login": fault} if fault else {},
        first_start=console.door.first_start(),
        provider=console.oidc.provider.name if console.oidc else "",
    )


def _next(request: Asked, staff: Staff, to: str, *, back: bool = True) -> Answer:
    """On to the code, or to enrolment for who has none."""
    visit = visit_of(request)
    secret = second_factor.new_secret() if staff.totp_secret_sealed is None else ""
    _stand(visit, {"staff": staff.id, "to": to, "secret": secret})
    return go(request, f"{ROOT}/{'enrol' if secret else 'code'}")


def _stand(visit: Visit, more: dict[str, Any]) -> None:
    from lamppost.console.app import stand

    stand(visit, more)


def _half(visit: Visit) -> Staff:
    staff = visit.console.door.store.staff(str(visit.half["staff"]))
    if staff is None or staff.disabled_at is not None:
        raise Refused(401, "fault.sign_in")
    return staff


def _slow(visit: Visit) -> None:
    wait = visit.console.arrivals.take(visit.address)
    if wait:
        raise TooManyRequestsException(headers={"Retry-After": str(wait)})


def _in(request: Asked, staff: Staff, to: str) -> Answer:
    visit = visit_of(request)
    token, _ = visit.console.door.begin(staff, visit.session)
    visit.keep(token)
    visit.forget(DOOR)
    return go(request, ours(to))


@get("/code", opt={"right": HALF}, sync_to_thread=True)
def show_code(request: Asked) -> Answer:
    """Ask for the code."""
    visit = visit_of(request)
    return page(request, "code.html.j2", faults={}, to=visit.half.get("to", ""))


@post("/code", opt={"right": HALF}, status_code=200, sync_to_thread=True)
def code(request: Asked) -> Answer:
    """Check the code; a session begins."""
    visit = visit_of(request)
    _slow(visit)
    staff = _half(visit)
    try:
        visit.console.door.code(staff, text_of(request, "code", 16))
    except Refused as error:
        return page(
            request,
            "code.html.j2",
            status=error.status_code,
            to=visit.half.get("to", ""),
            faults={"code": visit.t(error.reason)},
        )
    return _in(request, staff, str(visit.half.get("to", "")))


@get("/enrol", opt={"right": HALF}, sync_to_thread=True)
def show_enrol(request: Asked) -> Answer:
    """Show the secret of a second factor that is to be set up."""
    return _enrol(request)


def _enrol(request: Asked, status: int = 200, fault: str = "") -> Answer:
    visit = visit_of(request)
    secret = str(visit.half.get("secret", ""))
    if not secret:
        return go(request, f"{ROOT}/code")
    staff = _half(visit)
    return page(
        request,
        "enrol.html.j2",
        status=status,
        secret=secret,
        picture=drawn(second_factor.picture(secret, staff.email)),
        faults={"code": fault} if fault else {},
    )


@post("/enrol", opt={"right": HALF}, status_code=200, sync_to_thread=True)
def enrol(request: Asked) -> Answer:
    """Take the second factor into use; a session begins."""
    visit = visit_of(request)
    _slow(visit)
    staff = _half(visit)
    secret = str(visit.half.get("secret", ""))
    if not secret or staff.totp_secret_sealed is not None:
        raise Refused(401, "fault.sign_in")
    try:
        staff = visit.console.door.enrol(staff, secret, text_of(request, "code", 16))
    except Refused as error:
        return _enrol(request, error.status_code, visit.t(error.reason))
    return _in(request, staff, str(visit.half.get("to", "")))


@get("/first", opt={"right": PUBLIC}, sync_to_thread=True)
def show_first(request: Asked) -> Answer:
    """Ask for a one-time word and a new password."""
    word = asked(request, "word", 128)
    visit = visit_of(request)
    if visit.console.demonstration and word:
        _slow(visit)
        return _in(request, visit.console.door.let_in(word), f"{ROOT}/")
    return page(
        request,
        "first.html.j2",
        word=word,
        name="",
        login="",
        faults={},
        **_invited(visit, word),
    )


def _invited(visit: Visit, word: str) -> dict[str, Any]:
    """Whom the word was made for; an empty form for the first start."""
    staff = None
    if word:
        try:
            staff = visit.console.door.invited(word)
        except Refused:
            return {"invited": None}
    return {"invited": staff}


@post("/first", opt={"right": PUBLIC}, status_code=200, sync_to_thread=True)
def first(request: Asked) -> Answer:
    """Use a one-time word up."""
    visit = visit_of(request)
    _slow(visit)
    word = text_of(request, "word", 128)
    name, email = text_of(request, "name", 64), text_of(request, "login", 254)
    faults = {}
    status = 400
    try:
        staff = visit.console.door.join(
            word, name=name, email=email, password=text_of(request, "password", 256)
        )
    except Refused as error:
        faults["word"], status = visit.t(error.reason), error.status_code
    except UsageError as error:
        name_of = "password" if error.where == "password" else "login"
        faults[name_of] = visit.t(f"fault.{name_of}_not_taken")
    else:
        return _next(request, staff, f"{ROOT}/")
    return page(
        request,
        "first.html.j2",
        status=status,
        word=word,
        name=name,
        login=email,
        faults=faults,
        **_invited(visit, word),
    )


@get("/oidc/start", opt={"right": PUBLIC}, sync_to_thread=True)
def oidc_start(request: Asked) -> Answer:
    """Send the browser to the identity provider."""
    visit = visit_of(request)
    _slow(visit)
    if visit.console.oidc is None:
        raise Refused(404, "fault.http_404")
    url, left = visit.console.oidc.leave(_back(request))
    value = {
        "state": left.state,
        "nonce": left.nonce,
        "verifier": left.verifier,
        "to": ours(asked(request, "to", 2048)),
        "until": visit.console.clock() + 600_000,
    }
    visit.cookie("lamppost-oidc", visit.console.seal("oidc", value), seconds=600)
    return go(request, url)


@get("/oidc/back", opt={"right": PUBLIC}, sync_to_thread=True)
def oidc_back(request: Asked) -> Answer:
    """The browser comes back from the identity provider; a session begins."""
    visit = visit_of(request)
    from lamppost.console.security import cookie_name

    kept = request.cookies.get(cookie_name("lamppost-oidc", secure=visit.secure), "")
    left = visit.console.unseal("oidc", kept)
    visit.forget("lamppost-oidc")
    if visit.console.oidc is None or left is None or left["until"] < visit.console.clock():
        raise Refused(403, "fault.oidc")
    query = {name: str(value) for name, value in request.query_params.items()}
    try:
        identity = visit.console.oidc.arrive(
            _back(request), query, Leaving(left["state"], left["nonce"], left["verifier"])
        )
    except PolicyError:
        raise Refused(403, "fault.oidc") from None
    staff = visit.console.door.known(identity)
    if visit.staff is not None and visit.staff.id != staff.id:
        raise Refused(403, "fault.oidc")
    return _in(request, staff, str(left.get("to", "")))


def _back(request: Asked) -> str:
    visit = visit_of(request)
    scheme = "https" if visit.secure else "http"
    return f"{scheme}://{request.headers.get('host', '')}{ROOT}/oidc/back"


@get("/again", opt={"right": SIGNED_IN}, sync_to_thread=True)
def show_again(request: Asked) -> Answer:
    """Ask somebody who is signed in to prove once more who they are."""
    return _again(request, ours(asked(request, "to", 2048)))


def _again(request: Asked, to: str, status: int = 200, fault: str = "") -> Answer:
    visit = visit_of(request)
    console = visit.console
    return page(
        request,
        "again.html.j2",
        status=status,
        to=to,
        faults={"password": fault} if fault else {},
        email=visit.me.email,
        local=visit.me.password_hash is not None,
        provider=console.oidc.provider.name if console.oidc else "",
    )


@post("/again", opt={"right": SIGNED_IN}, status_code=200, sync_to_thread=True)
def again(request: Asked) -> Answer:
    """Check password and code once more; the session goes on under a new cookie."""
    visit = visit_of(request)
    _slow(visit)
    to = ours(text_of(request, "to", 2048))
    try:
        visit.console.door.confirm(
            visit.me, text_of(request, "password", 256), text_of(request, "code", 16)
        )
    except Refused as error:
        return _again(request, to, error.status_code, visit.t(error.reason))
    return _in(request, visit.me, to)


@post("/sign-out", opt={"right": PUBLIC}, status_code=200, sync_to_thread=True)
def sign_out(request: Asked) -> Answer:
    """End the session."""
    visit = visit_of(request)
    if visit.session is not None:
        visit.console.door.leave(visit.session)
    visit.forget("lamppost")
    visit.forget(DOOR)
    return go(request, f"{ROOT}/sign-in")


@post("/look", opt={"right": PUBLIC}, status_code=200, sync_to_thread=True)
def look(request: Asked) -> Answer:
    """Choose language and theme."""
    visit = visit_of(request)
    language = text_of(request, "language", 8) or visit.t.language
    theme = text_of(request, "theme", 8) or visit.theme
    language = language if language in LANGUAGES else "en"
    theme = theme if theme in ("light", "dark") else "auto"
    visit.cookie(LOOK, f"{language}.{theme}", seconds=_YEAR)
    return go(request, ours(text_of(request, "to", 2048)))


HANDLERS: Final = [
    home,
    show_sign_in,
    sign_in,
    show_code,
    code,
    show_enrol,
    enrol,
    show_first,
    first,
    oidc_start,
    oidc_back,
    show_again,
    again,
    sign_out,
    look,
]
