"""One tree of errors.

    LamppostError
    ├── InputError      what was given cannot be read        (exit 2)
    │   ├── LineError       one line of an event file
    │   ├── ExportError     a chat export as a whole
    │   └── MediaTypeError  a body of a media type that is not read
    ├── UsageError      the call itself is wrong             (exit 2)
    ├── PackError       a card, phrase or data file is wrong (exit 3)
    ├── EngineError     a part of the engine cannot run      (exit 3)
    ├── StoreError      a store is missing, full or broken   (exit 3)
    │   └── BusyError       more than can be kept at the moment
    ├── PolicyError     policy or legal basis refuses        (exit 4)
    │   ├── KeyRefusedError no API key, or not a valid one
    │   ├── ScopeError      the key lacks a scope
    │   ├── RightError      the person's role lacks a right
    │   └── ReauthenticationError  a heavy act needs a fresh sign-in
    ├── ConflictError   somebody or something was faster (exit 4)
    └── ApiError        a service answered with a refusal    (exit 3)
        └── UnansweredError  it is not known whether it happened

Every error names value, place and fix, and never message text.
"""

from __future__ import annotations

from typing import ClassVar


class LamppostError(Exception):
    """Root of every error that Lamppost raises on purpose.

    `message` says what is wrong, `where` the place (file, line, field), `hint` the fix.
    None of them may carry message text.
    """

    code: ClassVar[str] = "LP000"
    title: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        self.message = message
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head} ({self.hint})" if self.hint else head


class InputError(LamppostError):
    """What was given cannot be read."""

    code = "LP100"
    title = "input cannot be read"
    exit_code = 2


class LineError(InputError):
    """One line of an event file is wrong; the rest goes on unless `--strict`."""

    code = "LP101"
    title = "bad line in an event file"


class ExportError(InputError):
    """A chat export is not recognised, damaged, encrypted or unsafe to unpack."""

    code = "LP102"
    title = "chat export cannot be read"


class MediaTypeError(InputError):
    """A body of a media type that is not read."""

    code = "LP103"
    title = "body of an unknown media type"


class UsageError(LamppostError):
    """The call is wrong: an option, a name, a value outside its range."""

    code = "LP200"
    title = "wrong call"
    exit_code = 2


class PackError(LamppostError):
    """A detector card, a phrase file or another data file is wrong."""

    code = "LP300"
    title = "detector data is wrong"


class EngineError(LamppostError):
    """A part of the engine cannot run here, such as a missing optional package."""

    code = "LP400"
    title = "engine part not available"


class StoreError(LamppostError):
    """A store is missing, full, locked or damaged."""

    code = "LP500"
    title = "store failed"


class BusyError(StoreError):
    """More waits than can be kept at the moment; nothing of this was kept."""

    code = "LP501"
    title = "too much at once"


class PolicyError(LamppostError):
    """Policy or the legal-basis gate refuses the act."""

    code = "LP600"
    title = "refused by policy"
    exit_code = 4


class KeyRefusedError(PolicyError):
    """No API key was given, or a wrong one, or one that has ended."""

    code = "LP601"
    title = "API key refused"


class ScopeError(PolicyError):
    """The API key does not hold the scope that this needs."""

    code = "LP602"
    title = "API key lacks a scope"


class RightError(PolicyError):
    """No role of the person holds the right that this needs."""

    code = "LP603"
    title = "role lacks a right"


class ReauthenticationError(PolicyError):
    """A heavy act needs the person to prove once more who they are."""

    code = "LP604"
    title = "fresh sign-in needed"


class ConflictError(LamppostError):
    """Somebody or something was faster; nothing was changed.

    `kind` names what happened and `facts` who and when, for a page to say it in any language.
    """

    code = "LP605"
    title = "changed meanwhile"
    exit_code = 4

    def __init__(
        self, message: str, *, kind: str, where: str = "", hint: str = "", **facts: str | int
    ) -> None:
        self.kind = kind
        self.facts = facts
        super().__init__(message, where=where, hint=hint)


class ApiError(LamppostError):
    """A service answered with a refusal, or could not be reached; `status` 0 for the latter."""

    code = "LP700"
    title = "service refused"

    def __init__(self, message: str, *, where: str = "", hint: str = "", status: int = 0) -> None:
        self.status = status
        super().__init__(message, where=where, hint=hint)


class UnansweredError(ApiError):
    """No answer came, or one that does not say whether the act happened."""

    code = "LP701"
    title = "no answer"


def all_errors() -> list[type[LamppostError]]:
    """Every error class, root first, in definition order (feeds the reference page)."""
    found: list[type[LamppostError]] = []
    queue: list[type[LamppostError]] = [LamppostError]
    while queue:
        cls = queue.pop(0)
        found.append(cls)
        queue.extend(cls.__subclasses__())
    return found
