"""Who may do what. Asked in every app's `queries.py` and `actions.py`, for every surface alike."""

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    RESPONDER = "responder"
    OBSERVER = "observer"


class Verb(StrEnum):
    VIEW = "view"  # everything that is not a secret
    EDIT_SELF = "edit oneself"  # own contact methods, rules, sessions, tokens
    RESPOND = "respond"  # acknowledge, resolve, escalate, take over a shift
    CONFIGURE = "configure"  # services, integrations, schedules, policies
    RETRY = "retry"  # deliveries and quarantined events
    MANAGE_PEOPLE = "manage people"  # people, teams, roles, tokens of others
    VIEW_AUDIT = "view the audit log"
    ADMINISTER = "administer"  # what holds for the whole installation: how long things are kept
    OWN = "own"  # make and unmake owners


class Scope(StrEnum):
    """What a token may be given; a token never may more than the person it acts as."""

    READ = "read"
    RESPOND = "respond"
    CONFIGURE = "configure"
    ADMIN = "admin"


_BY_ROLE: dict[Role, frozenset[Verb]] = {
    Role.OBSERVER: frozenset({Verb.VIEW, Verb.EDIT_SELF}),
    Role.RESPONDER: frozenset({Verb.VIEW, Verb.EDIT_SELF, Verb.RESPOND, Verb.CONFIGURE, Verb.RETRY}),
    Role.ADMIN: frozenset(Verb) - {Verb.OWN},
    Role.OWNER: frozenset(Verb),
}

_BY_SCOPE: dict[Scope, frozenset[Verb]] = {
    Scope.READ: frozenset({Verb.VIEW}),
    Scope.RESPOND: frozenset({Verb.VIEW, Verb.RESPOND}),
    Scope.CONFIGURE: frozenset({Verb.VIEW, Verb.CONFIGURE, Verb.RETRY}),
    Scope.ADMIN: frozenset(Verb),
}


class Denied(Exception):
    """The actor may not do this; the text is for the person."""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who asks, as far as permission and the audit log are concerned."""

    user_id: int | None  # none: Tocsin itself, or a token that acts as nobody
    name: str
    via: str  # web, api, cli, engine, link
    verbs: frozenset[Verb] = field(default=frozenset())

    def may(self, verb: Verb) -> bool:
        return verb in self.verbs


TOCSIN = Actor(user_id=None, name="Tocsin", via="engine", verbs=frozenset(Verb))
NOBODY = Actor(user_id=None, name="nobody", via="web")


def verbs_of(role: Role, scopes: frozenset[Scope] | None = None) -> frozenset[Verb]:
    """What a role may do; with a token's scopes, only what both may."""
    allowed = _BY_ROLE[role]
    if scopes is None:
        return allowed
    return allowed & frozenset().union(*(_BY_SCOPE[s] for s in scopes))


def require(actor: Actor, verb: Verb) -> None:
    """`Denied` unless the actor may."""
    if not actor.may(verb):
        raise Denied(f"{actor.name} is not allowed to {verb.value} here. Ask an owner or admin for a role that may.")
