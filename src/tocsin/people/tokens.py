"""API tokens."""

from collections.abc import Collection
from datetime import datetime

from tocsin import sealing
from tocsin.core.permissions import Actor, Scope, Verb, require
from tocsin.people.models import ApiToken, User
from tocsin.people.problems import Refused
from tocsin.people.queries import require_self_or_manager
from tocsin.people.writing import change, create

_PREFIX = "toc_"
_HINT_LENGTH = 8


def create_token(
    actor: Actor,
    name: str,
    scopes: Collection[Scope | str],
    user: User | None,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ApiToken, str]:
    """The token and its raw text, which is shown once. Without a `user` only its scopes limit it."""
    _require_over(actor, user)
    if expires_at is not None and expires_at <= now:
        raise Refused("This token would have ended already. Choose a later day.", {"expires_at": "In the past."})
    raw = _PREFIX + sealing.token()
    token = ApiToken(
        name=name.strip(),
        user=user,
        token_hash=sealing.fingerprint(raw),
        hint=raw[:_HINT_LENGTH],
        scopes=_checked(scopes),
        created_at=now,
        expires_at=expires_at,
    )
    return create(actor, token, now), raw


def revoke_token(actor: Actor, token: ApiToken, now: datetime) -> ApiToken:
    """It stops working at once, and stays in the list."""
    _require_over(actor, token.user)
    return token if token.revoked_at else change(actor, token, now, {"revoked_at": now}, verb="revoked")


def _require_over(actor: Actor, user: User | None) -> None:
    if user is None:
        require(actor, Verb.MANAGE_PEOPLE)
    else:
        require_self_or_manager(actor, user)


def _checked(scopes: Collection[Scope | str]) -> list[str]:
    known = [scope.value for scope in Scope if scope in scopes]
    if not known or len(known) < len(set(scopes)):
        raise Refused("Choose what the token may do.", {"scopes": "Choose at least one."})
    return known
