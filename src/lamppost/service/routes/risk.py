"""What was found: relationships, accounts, children, findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from litestar import Request, get
from litestar.params import QueryParameter

from lamppost.client.answers import Found
from lamppost.core.levels import Level
from lamppost.pipeline import RelationshipScore
from lamppost.reports.scan.views import AccountView, ChildView
from lamppost.service.asking import After, Id, Limit, Name, Word, there
from lamppost.service.faults import COMMON, ONE
from lamppost.service.guard import service_of
from lamppost.service.views import Accounts, Children, Findings, Scores

if TYPE_CHECKING:
    pass


@get(
    "/v1/relationships", opt={"scope": "risk:read"}, responses=COMMON, sync_to_thread=True,
    summary="Relationships",
)  # fmt: skip
def list_relationships(
    request: Request[Any, Any, Any],
    conversation_id: Name = None,
    account_id: Name = None,
    level: Word = "none",
    after: After = None,
    limit: Limit = 100,
) -> Scores:
    """How accounts treat each other, with exact reasons, as `lamppost score` writes it.

    `account_id` is either side; `level` keeps those that have reached it.
    """
    return service_of(request).views.relationships(
        conversation_id, account_id, Level.parse(level), after, limit
    )


@get(
    "/v1/relationships/{identifier:str}", opt={"scope": "risk:read"}, responses=ONE,
    sync_to_thread=True, summary="One relationship",
)  # fmt: skip
def one_relationship(request: Request[Any, Any, Any], identifier: Id) -> RelationshipScore:
    """One relationship, by the id that findings carry as `relationship_id`."""
    return there(service_of(request).views.relationship(identifier))


@get(
    "/v1/accounts", opt={"scope": "risk:read"}, responses=COMMON, sync_to_thread=True,
    summary="Accounts",
)  # fmt: skip
def list_accounts(
    request: Request[Any, Any, Any],
    conversation_id: Name = None,
    account_id: Name = None,
    after: After = None,
    limit: Limit = 100,
) -> Accounts:
    """Accounts by id: what they do and what their relationships say.

    Those without a relationship are not listed; ask for one by its id. Of one conversation, and
    where accounts are not followed, it is the worst relationship.
    """
    return service_of(request).views.accounts(conversation_id, account_id, after, limit)


@get(
    "/v1/accounts/{identifier:path}", opt={"scope": "risk:read"}, responses=ONE,
    sync_to_thread=True, summary="One account",
)  # fmt: skip
def one_account(request: Request[Any, Any, Any], identifier: Id) -> AccountView:
    """One account."""
    return there(service_of(request).views.account(identifier.removeprefix("/")))


@get(
    "/v1/children", opt={"scope": "risk:read"}, responses=COMMON, sync_to_thread=True,
    summary="Children",
)  # fmt: skip
def list_children(
    request: Request[Any, Any, Any],
    conversation_id: Name = None,
    account_id: Name = None,
    after: After = None,
    limit: Limit = 100,
) -> Children:
    """Children and how they need protecting, by id. A page may be short while there are more."""
    return service_of(request).views.children(conversation_id, account_id, after, limit)


@get(
    "/v1/children/{identifier:path}", opt={"scope": "risk:read"}, responses=ONE,
    sync_to_thread=True, summary="One child",
)  # fmt: skip
def one_child(request: Request[Any, Any, Any], identifier: Id) -> ChildView:
    """One child."""
    return there(service_of(request).views.child(identifier.removeprefix("/")))


@get(
    "/v1/findings", opt={"scope": "findings:read"}, responses=COMMON, sync_to_thread=True,
    summary="Findings",
)  # fmt: skip
def list_findings(
    request: Request[Any, Any, Any],
    conversation_id: Name = None,
    account_id: Name = None,
    level: Word = "none",
    after: Annotated[
        int, QueryParameter(ge=0, le=2**62, description="`number` to go on after")
    ] = 0,
    limit: Limit = 100,
) -> Findings:
    """Findings in the order they were made. To follow them, ask again after the last `number`."""
    return service_of(request).views.findings(
        conversation_id, account_id, Level.parse(level), after, limit
    )


@get(
    "/v1/findings/{identifier:str}", opt={"scope": "findings:read"}, responses=ONE,
    sync_to_thread=True, summary="One finding",
)  # fmt: skip
def one_finding(request: Request[Any, Any, Any], identifier: Id) -> Found:
    """One finding."""
    return there(service_of(request).views.finding(identifier))
