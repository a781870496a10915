"""Writing, signing and accepting handoffs."""

from datetime import datetime

from django.db import transaction

from tocsin.audit.actions import record
from tocsin.core.handover import State
from tocsin.core.permissions import Actor, Denied, Verb, require
from tocsin.handoffs import queries, telling
from tocsin.handoffs.models import Handoff
from tocsin.health import wakeups
from tocsin.people.problems import Refused

LONGEST = 20_000


def write(actor: Actor, handoff: Handoff, body: str, now: datetime) -> Handoff:
    """Keep the note as a draft; from now on Tocsin does not touch it."""
    require(actor, Verb.RESPOND)
    _check_sign(actor, handoff)
    _save(handoff, State.DRAFT, body=_note(body), edited_at=now)
    return handoff


def sign(actor: Actor, handoff: Handoff, body: str, now: datetime) -> Handoff:
    """The note is fixed from here on, and who comes is asked to accept it."""
    require(actor, Verb.RESPOND)
    _check_sign(actor, handoff)
    with transaction.atomic():
        given = {"body": _note(body), "edited_at": handoff.edited_at or now, "signed_by_id": actor.user_id}
        _save(handoff, State.DRAFT, state=State.SIGNED, signed_at=now, welcomed_at=now, **given)
        record(actor, "signed", handoff, now)
        telling.welcome(handoff, now)
        wakeups.notify()
    return handoff


def accept(actor: Actor, handoff: Handoff, now: datetime) -> Handoff:
    require(actor, Verb.RESPOND)
    if handoff.state == State.SIGNED and not queries.may(actor, handoff).accept:
        raise Denied(f"This handoff is for {handoff.incoming} to accept, or for a lead of the team.")
    with transaction.atomic():
        _save(handoff, State.SIGNED, state=State.ACCEPTED, accepted_at=now, accepted_by_id=actor.user_id)
        record(actor, "accepted", handoff, now)
        wakeups.notify()
    return handoff


def _check_sign(actor: Actor, handoff: Handoff) -> None:
    if handoff.state == State.DRAFT and not queries.may(actor, handoff).sign:
        raise Denied(f"This handoff is for {handoff.outgoing} to write, or for a lead of the team.")


def _note(body: str) -> str:
    text = body.replace("\r\n", "\n").strip()
    if not text:
        raise Refused("A handoff says something, if only “Nothing.”", {"body": "Empty."})
    if len(text) > LONGEST:
        raise Refused(f"A note can have {LONGEST} characters at most. Nothing was saved.", {"body": "Too long."})
    return text


def _save(handoff: Handoff, wanted: State, **values: object) -> None:
    """Only from the state it must be in: two people may press at once."""
    if not Handoff.objects.filter(pk=handoff.pk, state=wanted).update(**values):
        raise Refused(_WHY[State(Handoff.objects.values_list("state", flat=True).get(pk=handoff.pk))])
    for name, value in values.items():
        setattr(handoff, name, value)


_WHY = {
    State.DRAFT: "This handoff is not signed yet. Nothing was changed.",
    State.SIGNED: "This handoff is signed already: its note stays as it is. Nothing was changed.",
    State.ACCEPTED: "This handoff is accepted already. Nothing was changed.",
    State.LAPSED: "This handoff is over. Nothing was changed.",
}
