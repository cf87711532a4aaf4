"""Policies: added, tried in shadow and backtest, deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody, PathParameter
from msgspec import Meta

from lamppost.core.access import PolicyRow
from lamppost.core.levels import Level
from lamppost.service.asking import After, Limit
from lamppost.service.faults import ACT, COMMON, ONE
from lamppost.service.guard import actor_of, service_of
from lamppost.service.policies import Backtest

if TYPE_CHECKING:
    from lamppost.service.runtime import Service


_Version = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


class PolicyView(msgspec.Struct, frozen=True):
    """A version of the policy."""

    version: int
    digest: str
    state: str
    policy: str
    created_at: int
    created_by: str
    deployed_at: int | None
    deployed_by: str | None
    backtest: Backtest | None


class PolicyList(msgspec.Struct, frozen=True):
    """Every version."""

    items: list[PolicyView]
    next: str | None


class NewPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to add, as TOML text."""

    policy: Annotated[str, Meta(min_length=1, max_length=200_000)]


class Deploy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`seen` of the backtest that was looked at."""

    seen: Annotated[str, Meta(min_length=1, max_length=64)]


class ShadowFinding(msgspec.Struct, frozen=True):
    """What the policy in shadow would have found; `live`: the live one found it too."""

    id: str
    conversation_id: str
    actor_id: str
    target_id: str
    level: str
    bits: float
    live: bool


class ShadowFindings(msgspec.Struct, frozen=True):
    """A page of what a policy found in shadow."""

    items: list[ShadowFinding]
    next: str | None


@get(
    "/v1/policies", opt={"scope": "policy:read"}, responses=COMMON, sync_to_thread=True,
    summary="Policies",
)  # fmt: skip
def list_policies(request: Request[Any, Any, Any]) -> PolicyList:
    """Every version of the policy, oldest first."""
    return PolicyList([_policy(row) for row in service_of(request).policies.all()], None)


@post(
    "/v1/policies", opt={"scope": "policy:write"}, responses=ACT, sync_to_thread=True,
    summary="Add a policy",
)  # fmt: skip
def add_policy(request: Request[Any, Any, Any], data: JSONBody[NewPolicy]) -> PolicyView:
    """Check a policy and keep it as a draft. It changes nothing yet."""
    service = service_of(request)
    row = service.policies.add(data.policy, by=actor_of(request))
    service.note(actor_of(request), "policy.add", str(row.version), {"digest": row.digest})
    return _policy(row)


@get(
    "/v1/policies/{version:int}", opt={"scope": "policy:read"}, responses=ONE,
    sync_to_thread=True, summary="One policy",
)  # fmt: skip
def one_policy(request: Request[Any, Any, Any], version: _Version) -> PolicyView:
    """One version with its newest backtest."""
    return _policy(_version(service_of(request), version))


@post(
    "/v1/policies/{version:int}/backtest", opt={"scope": "policy:write"}, responses=ACT,
    status_code=200, sync_to_thread=True, summary="Backtest a policy",
)  # fmt: skip
def backtest_policy(request: Request[Any, Any, Any], version: _Version) -> Backtest:
    """What would have been found in the stored events under this policy, beside the live one."""
    service = service_of(request)
    _version(service, version)
    result = service.policies.backtest(version)
    service.note(actor_of(request), "policy.backtest", str(version), {"seen": result.seen})
    return result


@post(
    "/v1/policies/{version:int}/shadow", opt={"scope": "policy:write"}, responses=ACT,
    status_code=200, sync_to_thread=True, summary="Run a policy in shadow",
)  # fmt: skip
def shadow_policy(request: Request[Any, Any, Any], version: _Version) -> PolicyView:
    """Run a version beside the live one from now on; it acts on nothing."""
    service = service_of(request)
    _version(service, version)
    row = service.policies.put_in_shadow(version, by=actor_of(request))
    service.note(actor_of(request), "policy.shadow", str(version), {})
    return _policy(row)


@get(
    "/v1/policies/{version:int}/shadow", opt={"scope": "policy:read"}, responses=ONE,
    sync_to_thread=True, summary="What a policy found in shadow",
)  # fmt: skip
def shadow_findings(
    request: Request[Any, Any, Any], version: _Version, after: After = None, limit: Limit = 100
) -> ShadowFindings:
    """What a version found in shadow, and whether the live one found it too."""
    service = service_of(request)
    _version(service, version)
    rows = service.stores.ledger.shadow(str(version), after or "", limit + 1)
    more = rows[limit - 1].id if len(rows) > limit else None
    items = [
        ShadowFinding(
            row.id, row.conversation, row.actor, row.target, Level(row.level).word, row.bits,
            service.stores.ledger.finding(row.id) is not None,
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return ShadowFindings(items, more)


@post(
    "/v1/policies/{version:int}/deploy", opt={"scope": "policy:deploy"}, responses=ACT,
    status_code=200, sync_to_thread=True, summary="Deploy a policy",
)  # fmt: skip
def deploy_policy(
    request: Request[Any, Any, Any], version: _Version, data: JSONBody[Deploy]
) -> PolicyView:
    """Make a version the live one, having seen what it changes."""
    service = service_of(request)
    _version(service, version)
    row = service.policies.deploy(version, seen=data.seen, by=actor_of(request))
    service.note(actor_of(request), "policy.deploy", str(version), {"seen": data.seen})
    service.webhooks.tell("policy.deployed", str(version), {"version": version})
    return _policy(row)


def _version(service: Service, version: int) -> PolicyRow:
    row = service.stores.policies.policy(version)
    if row is None:
        raise NotFoundException
    return row


def _policy(row: PolicyRow) -> PolicyView:
    backtest = None
    if row.backtest is not None:
        backtest = msgspec.json.decode(row.backtest, type=Backtest)
    return PolicyView(
        row.version, row.digest, row.state, row.body, row.created_at, row.created_by,
        row.deployed_at, row.deployed_by, backtest,
    )  # fmt: skip
