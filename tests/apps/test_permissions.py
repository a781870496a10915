"""Who may do what: the table, and that every action asks."""

import inspect
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from importlib.util import find_spec
from typing import get_type_hints

import pytest
from django.apps import apps

from tests.apps.domain import NOW, role
from tocsin.core.permissions import NOBODY, TOCSIN, Denied, Role, Scope, Verb, require, verbs_of
from tocsin.people.models import ApiToken, ContactMethod, User

MAY: list[tuple[Verb, set[Role]]] = [
    # everybody who can sign in sees everything that is no secret
    (Verb.VIEW, {Role.OWNER, Role.ADMIN, Role.RESPONDER, Role.OBSERVER}),
    # and changes themselves
    (Verb.EDIT_SELF, {Role.OWNER, Role.ADMIN, Role.RESPONDER, Role.OBSERVER}),
    # whoever is on call acts, and keeps services, schedules and policies
    (Verb.RESPOND, {Role.OWNER, Role.ADMIN, Role.RESPONDER}),
    (Verb.CONFIGURE, {Role.OWNER, Role.ADMIN, Role.RESPONDER}),
    (Verb.RETRY, {Role.OWNER, Role.ADMIN, Role.RESPONDER}),
    # people and the log are for those who answer for them
    (Verb.MANAGE_PEOPLE, {Role.OWNER, Role.ADMIN}),
    (Verb.VIEW_AUDIT, {Role.OWNER, Role.ADMIN}),
    (Verb.ADMINISTER, {Role.OWNER, Role.ADMIN}),
    # owners are made by owners
    (Verb.OWN, {Role.OWNER}),
]


def test_the_table_has_every_verb() -> None:
    assert [verb for verb, _ in MAY] == list(Verb)


@pytest.mark.parametrize(("verb", "roles"), MAY)
def test_roles(verb: Verb, roles: set[Role]) -> None:
    assert {r for r in Role if verb in verbs_of(r)} == roles


@pytest.mark.parametrize(
    ("scopes", "of", "verbs"),
    [
        # a token without scopes may nothing
        (set(), Role.OWNER, set()),
        # one that reads, reads
        ({Scope.READ}, Role.OWNER, {Verb.VIEW}),
        # scopes add up
        (
            {Scope.READ, Scope.RESPOND, Scope.CONFIGURE},
            Role.ADMIN,
            {Verb.VIEW, Verb.RESPOND, Verb.CONFIGURE, Verb.RETRY},
        ),
        # and never reach beyond the role
        ({Scope.RESPOND, Scope.CONFIGURE}, Role.OBSERVER, {Verb.VIEW}),
        ({Scope.ADMIN}, Role.OBSERVER, {Verb.VIEW, Verb.EDIT_SELF}),
        ({Scope.ADMIN}, Role.ADMIN, set(Verb) - {Verb.OWN}),
    ],
)
def test_scopes(scopes: set[Scope], of: Role, verbs: set[Verb]) -> None:
    assert verbs_of(of, frozenset(scopes)) == verbs


def test_tocsin_itself_may_everything_and_nobody_nothing() -> None:
    assert TOCSIN.verbs == frozenset(Verb)
    assert NOBODY.verbs == frozenset()


def test_who_may_not_is_told_so_in_words() -> None:
    with pytest.raises(Denied, match="observer is not allowed to manage people here"):
        require(role(Role.OBSERVER), Verb.MANAGE_PEOPLE)


def actions() -> dict[str, Callable[..., object]]:
    """Everything in an app's `actions` that is done by somebody."""
    found = {}
    for app in apps.get_app_configs():
        if app.name.startswith("tocsin.") and find_spec(f"{app.name}.actions"):
            module = import_module(f"{app.name}.actions")
            for name, function in inspect.getmembers(module, inspect.isfunction):
                is_own = function.__module__.startswith(app.name) and not name.startswith("_")
                if is_own and "actor" in inspect.signature(function).parameters:
                    found[f"{app.label}.{name}"] = function
    return found


NOT_ASKED = {
    "audit.record",  # writes down what was allowed
    "alerts.enter",  # a line of the timeline, for what was allowed
    "alerts.mark_acknowledged",  # the state behind `paging.acknowledge`, which asks; the engine and links use it too
    "alerts.mark_triggered",
    "alerts.mark_resolved",
    "alerts.hand_over",  # likewise, behind `paging.take_over`
    "paging.answer",  # what the answers to a page share; each of them has asked
    "paging.change",
    "paging.acknowledge_test",  # asks whose test it is, when it has found it
}
SOMEBODY_ELSE = User(pk=999_999, name="Somebody", email="somebody@example.org", role=Role.RESPONDER)
STAND_INS: dict[object, object] = {
    User: SOMEBODY_ELSE,
    ContactMethod: ContactMethod(pk=999_999, user=SOMEBODY_ELSE),
    ApiToken: ApiToken(pk=999_999, user=SOMEBODY_ELSE),
    datetime: NOW,
    int: 999_999,
    str: "x",
}


def stand_ins(function: Callable[..., object]) -> dict[str, object]:
    """Arguments that an action must not even come to look at, but for whom it is about."""
    hints = get_type_hints(function)
    needed = [p.name for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    return {name: STAND_INS.get(hints[name]) for name in needed}


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(actions().keys() - NOT_ASKED))
@pytest.mark.parametrize("actor", [role(Role.OBSERVER), NOBODY], ids=["an observer", "nobody"])
def test_every_action_asks_whether_it_may(name: str, actor: object) -> None:
    function = actions()[name]
    with pytest.raises(Denied):
        function(**{**stand_ins(function), "actor": actor})
