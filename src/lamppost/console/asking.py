"""One request: who asks, in which language, with which form; and the answers to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from litestar import MediaType, Request, Response
from litestar.datastructures import Cookie
from litestar.datastructures.multi_dicts import FormMultiDict

from lamppost.cases.rights import Who
from lamppost.cases.staff import Staff, StaffSession
from lamppost.console.security import Refused, cookie_name
from lamppost.console.shown import ROOT, render
from lamppost.console.wording import Words

if TYPE_CHECKING:
    from lamppost.console.desk import Console

Asked = Request[Any, Any, Any]
Answer = Response[Any]
SESSION: Final = "lamppost"
DOOR: Final = "lamppost-door"
LOOK: Final = "lamppost-look"
SAID: Final = "lamppost-said"
_KEY: Final = "lamppost_visit"
_FORM: Final = "lamppost_form"


@dataclass(slots=True, kw_only=True)
class Visit:
    """A request as the guard has found it. `cookies` are sent with the answer."""

    console: Console
    t: Words
    theme: str
    csrf: str
    secure: bool
    address: str
    path: str
    session: StaffSession | None = None
    staff: Staff | None = None
    half: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, str] | None = None
    cookies: list[Cookie] = field(default_factory=list)

    @property
    def me(self) -> Staff:
        """Who is signed in."""
        if self.staff is None:
            raise Refused(401, "fault.sign_in")
        return self.staff

    @property
    def who(self) -> Who:
        """The person as an act names them."""
        at = self.session.reauthenticated_at if self.session is not None else 0
        if self.console.demonstration:
            at = self.console.clock()
        return self.me.who(at)

    def may(self, right: str) -> bool:
        """Whether the person holds a right."""
        return self.staff is not None and self.who.may(right)

    def cookie(self, name: str, value: str, *, seconds: int | None = None) -> None:
        """Send a cookie: closed to scripts and to other sites."""
        self.cookies.append(
            Cookie(
                key=cookie_name(name, secure=self.secure),
                value=value,
                path="/",
                httponly=True,
                secure=self.secure,
                samesite="lax",
                max_age=seconds,
            )
        )

    def forget(self, name: str) -> None:
        """Take a cookie back."""
        self.cookie(name, "", seconds=0)

    def keep(self, token: str) -> None:
        """Send the cookie of a session; the browser forgets it when it closes."""
        self.cookie(SESSION, token)

    def say(self, text: str, kind: str = "good") -> None:
        """Have a sentence shown on the next page."""
        self.cookie(SAID, f"{kind}.{quote(text)}", seconds=30)


def visit_of(request: Asked) -> Visit:
    """The visit that the guard has found."""
    found: Visit = request.scope[_KEY]  # type: ignore[typeddict-item]
    return found


def remember(connection: Any, visit: Visit) -> None:
    """Keep the visit with its request."""
    connection.scope[_KEY] = visit


def keep_form(request: Asked, form: FormMultiDict) -> None:
    """Keep a form that was read."""
    request.scope[_FORM] = form  # type: ignore[typeddict-unknown-key]


def text_of(request: Asked, name: str, most: int = 4000, default: str = "") -> str:
    """A field of the form, trimmed. A longer one is refused."""
    form: FormMultiDict = request.scope[_FORM]  # type: ignore[typeddict-item]
    value = form.get(name, default)
    if not isinstance(value, str) or len(value) > most or "\0" in value:
        raise Refused(400, "fault.form")
    return value.replace("\r\n", "\n").strip()


def texts_of(request: Asked, name: str, most: int = 500) -> list[str]:
    """Every value of a field."""
    form: FormMultiDict = request.scope[_FORM]  # type: ignore[typeddict-item]
    found = [str(value) for value in form.getall(name, [])]
    if len(found) > most or any(len(value) > 256 or "\0" in value for value in found):
        raise Refused(400, "fault.form")
    return found


def fields_of(request: Asked) -> list[str]:
    """Names of the fields of the form."""
    form: FormMultiDict = request.scope[_FORM]  # type: ignore[typeddict-item]
    return [str(name) for name in form][:200]


def asked(request: Asked, name: str, most: int = 256) -> str:
    """A value of the query."""
    value = str(request.query_params.get(name, ""))
    if len(value) > most or "\0" in value:
        raise Refused(400, "fault.form")
    return value.strip()


def number_asked(request: Asked, name: str, default: int = 0, most: int = 1_000_000) -> int:
    """A whole number of the query; what is none is the default."""
    value = asked(request, name, 12)
    return min(int(value), most) if value.isascii() and value.isdigit() else default


def same(given: str, wanted: str) -> bool:
    """Whether two tokens are the same, in a time that does not tell where they differ."""
    return bool(wanted) and compare_digest(given.encode(), wanted.encode())


def wants_part(request: Asked) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def page(request: Asked, template: str, *, status: int = 200, **values: Any) -> Answer:
    """A page, or a part of one."""
    visit = visit_of(request)
    said = {"kind": visit.said[0], "text": visit.said[1]} if visit.said else None
    common: dict[str, Any] = {
        "t": visit.t,
        "theme": visit.theme,
        "csrf": visit.csrf,
        "said": said,
        "path": visit.path,
    }
    if visit.staff is not None and visit.session is not None:
        common |= visit.console.frame(visit)
    return Response(
        render(template, **(common | values)),
        status_code=status,
        media_type=MediaType.HTML,
        cookies=visit.cookies,
    )


def go(request: Asked, to: str, *, said: str = "", kind: str = "good") -> Answer:
    """Send the browser to another page of ours, with a sentence to show there."""
    visit = visit_of(request)
    if said:
        visit.say(said, kind)
    headers = {"HX-Redirect": to} if wants_part(request) else {"Location": to}
    status = 204 if wants_part(request) else 303
    return Response(
        b"", status_code=status, media_type=MediaType.HTML, headers=headers, cookies=visit.cookies
    )


def ours(path: str) -> str:
    """A path to go on to, if it is one of ours; else the first page."""
    path = unquote(path)
    safe = path.startswith(f"{ROOT}/") and "//" not in path and "\\" not in path
    return path if safe and path.isprintable() and ".." not in path else f"{ROOT}/"
