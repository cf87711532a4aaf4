"""Sign-in with the organisation's own identity provider (OpenID Connect, code flow with PKCE).

The provider says who somebody is; what they may do is decided here: a person must have been
added, with the same verified e-mail address or an identity linked before. The second factor is
the provider's.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lamppost.core.errors import PolicyError

_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_LEEWAY: Final = 60
_WAIT: Final = 10.0


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """An identity provider. `repr` shows no secret."""

    issuer: str
    client_id: str
    client_secret: str
    name: str = "OpenID Connect"

    def __repr__(self) -> str:
        return f"Provider(issuer={self.issuer!r}, client_id={self.client_id!r})"


class Leaving(msgspec.Struct, frozen=True):
    """What must be remembered while somebody is at the provider."""

    state: str
    nonce: str
    verifier: str


class Identity(msgspec.Struct, frozen=True):
    """Who the provider says somebody is."""

    issuer: str
    subject: str
    email: str
    name: str


class Oidc:
    """Talks to one provider; what it publishes of itself is read once."""

    def __init__(self, provider: Provider, clock: Callable[[], int]) -> None:
        self.provider = provider
        self._clock = clock
        self._facts: Mapping[str, Any] | None = None

    def leave(self, back: str) -> tuple[str, Leaving]:
        """Where to send somebody, and what to remember. Raises `PolicyError`."""
        made = Leaving(*(secrets.token_urlsafe(32) for _ in range(3)))
        with self._client(back) as client:
            url, _ = client.create_authorization_url(
                self._known(client)["authorization_endpoint"],
                state=made.state,
                nonce=made.nonce,
                code_verifier=made.verifier,
            )
        return str(url), made

    def arrive(self, back: str, query: Mapping[str, str], left: Leaving) -> Identity:
        """Who has come back. Raises `PolicyError` for anything that does not fit."""
        if not secrets.compare_digest(query.get("state", "").encode(), left.state.encode()):
            raise PolicyError("this sign-in was not begun here", hint="begin again")
        if "error" in query or not query.get("code"):
            raise PolicyError("the identity provider refused", hint="ask whoever runs it")
        try:
            with self._client(back) as client:
                facts = self._known(client)
                token = client.fetch_token(
                    facts["token_endpoint"], code=query["code"], code_verifier=left.verifier
                )
                keys = _read(client, facts["jwks_uri"])
            found = jwt.decode(
                str(token["id_token"]), KeySet.import_key_set(keys), algorithms=_ALGORITHMS
            )
            jwt.JWTClaimsRegistry(
                now=self._clock() // 1000,
                leeway=_LEEWAY,
                iss={"essential": True, "value": facts["issuer"]},
                aud={"essential": True, "value": self.provider.client_id},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": left.nonce},
            ).validate(found.claims)
            claims = dict(found.claims)
            if "email" not in claims and "userinfo_endpoint" in facts:
                claims = self._more(back, facts, token, claims)
        except (AuthlibBaseError, JoseError, KeyError, ValueError, OSError) as error:
            raise _unreadable(error) from None
        except Exception as error:
            if type(error).__module__.startswith("httpx"):
                raise _unreadable(error) from None
            raise
        email = str(claims.get("email", "")) if claims.get("email_verified", False) else ""
        return Identity(
            str(facts["issuer"]), str(claims["sub"]), email, str(claims.get("name", ""))[:64]
        )

    def _more(
        self, back: str, facts: Mapping[str, Any], token: Any, claims: dict[str, Any]
    ) -> dict[str, Any]:
        with self._client(back, token) as client:
            told = client.get(facts["userinfo_endpoint"]).raise_for_status().json()
        return {**told, **claims} if told.get("sub") == claims["sub"] else claims

    def _client(self, back: str, token: Any = None) -> Any:
        return OAuth2Client(
            self.provider.client_id,
            self.provider.client_secret,
            scope="openid email profile",
            redirect_uri=back,
            code_challenge_method="S256",
            token=token,
            timeout=_WAIT,
        )

    def _known(self, client: Any) -> Mapping[str, Any]:
        if self._facts is None:
            place = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            try:
                facts = _read(client, place)
                wanted = self.provider.issuer.rstrip("/")
                if str(facts["issuer"]).rstrip("/") != wanted:
                    raise ValueError
                self._facts = facts
            except Exception as error:
                raise PolicyError(
                    "the identity provider cannot be reached",
                    where=self.provider.issuer,
                    hint=f"its discovery page must answer ({type(error).__name__})",
                ) from None
        return self._facts


def _read(client: Any, place: str) -> Any:
    """A public JSON page of the provider."""
    return client.request("GET", place, withhold_token=True).raise_for_status().json()


def _unreadable(error: Exception) -> PolicyError:
    return PolicyError(
        f"what the identity provider said cannot be trusted ({type(error).__name__})",
        hint="begin again",
    )
