"""Everything that changes people, in one place to import from."""

from tocsin.people.contacting import add_method, issue_method, new_secret, remove_method, send_code, set_rules, verify
from tocsin.people.joining import (
    Invited,
    accept_invitation,
    create_first_owner,
    invite,
    invite_many,
    read_entries,
    renew_invitation,
)
from tocsin.people.persons import change_person, set_active, set_role
from tocsin.people.problems import Refused
from tocsin.people.teaming import change_team, create_team, delete_team, set_members
from tocsin.people.tokens import create_token, revoke_token

__all__ = [
    "Invited",
    "Refused",
    "accept_invitation",
    "add_method",
    "change_person",
    "change_team",
    "create_first_owner",
    "create_team",
    "create_token",
    "delete_team",
    "invite",
    "invite_many",
    "issue_method",
    "new_secret",
    "read_entries",
    "remove_method",
    "renew_invitation",
    "revoke_token",
    "send_code",
    "set_active",
    "set_members",
    "set_role",
    "set_rules",
    "verify",
]
