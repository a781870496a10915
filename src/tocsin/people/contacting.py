"""Contact methods, their verification, and the rules by which they are used."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tocsin import sealing
from tocsin.audit.actions import record
from tocsin.audit.diffs import JSON, fields
from tocsin.channels.contract import BadAddress, Content
from tocsin.channels.registry import CHANNELS
from tocsin.core.permissions import Actor, Verb, require
from tocsin.core.signals import Urgency
from tocsin.outbox.actions import Draft, put
from tocsin.people import signing
from tocsin.people.models import ContactMethod, NotificationRule, User, Verification
from tocsin.people.problems import Refused
from tocsin.people.queries import require_self_or_manager
from tocsin.people.writing import create, delete

CODE_HOLDS = timedelta(minutes=10)
CODE_AGAIN_AFTER = timedelta(seconds=30)
CODE_TRIES = 5
LONGEST_DELAY = timedelta(hours=24)


def add_method(
    actor: Actor, user: User, kind: str, label: str, address: str, now: datetime, *, secret: str = ""
) -> ContactMethod:
    """Not used for a page before it is verified."""
    require_self_or_manager(actor, user)
    return create(actor, _method(user, kind, label, address, secret, now), now)


def issue_method(
    actor: Actor, user: User, kind: str, label: str, address: str, now: datetime, *, secret: str = ""
) -> ContactMethod:
    """One that is verified already: for commands and imports, where a trusted list says that the address is right."""
    require(actor, Verb.MANAGE_PEOPLE)
    require_self_or_manager(actor, user)
    method = _method(user, kind, label, address, secret, now)
    method.verified_at = now
    return create(actor, method, now)


def new_secret(actor: Actor, method: ContactMethod, now: datetime) -> str:
    """What a webhook's messages are signed with from now on. Whoever made it is told it this once."""
    require_self_or_manager(actor, method.user)
    return signing.renew(actor, method, method.kind, now)


def send_code(actor: Actor, method: ContactMethod, now: datetime) -> None:
    """Put a new code on its way; the one before stops working. At most one in half a minute."""
    require_self_or_manager(actor, method.user)
    before = Verification.objects.filter(method=method).first()
    if before is not None and before.sent_at > now - CODE_AGAIN_AFTER:
        raise Refused("A code was sent a moment ago. Wait half a minute before you ask for another.")
    code = f"{secrets.randbelow(1_000_000):06d}"
    values = {"code_hash": _hash(method, code), "sent_at": now, "expires_at": now + CODE_HOLDS, "tries": 0}
    with transaction.atomic():
        Verification.objects.update_or_create(method=method, defaults=values)
        put([_letter(method, code)], now)


def verify(actor: Actor, method: ContactMethod, code: str, now: datetime) -> ContactMethod:
    require_self_or_manager(actor, method.user)
    sent = Verification.objects.filter(method=method)
    # counted before it is looked at, and outside of a transaction that a refusal would undo: guesses must not be free
    if not sent.filter(expires_at__gt=now, tries__lt=CODE_TRIES).update(tries=F("tries") + 1):
        raise Refused("There is no code to compare with, or it was tried too often. Send a new one.")
    if not sent.filter(code_hash=_hash(method, code.replace(" ", ""))).exists():
        raise Refused(
            "This is not the code that was sent. Look at the newest message and try again.", {"code": "Wrong code."}
        )
    with transaction.atomic():
        sent.delete()
        before = fields(method)
        method.verified_at = now
        method.save(update_fields=["verified_at"])
        record(actor, "verified", method, now, before=before, after=fields(method))
    return method


def remove_method(actor: Actor, method: ContactMethod, now: datetime) -> None:
    require_self_or_manager(actor, method.user)
    if method.kind == "inapp":
        raise Refused("Tocsin in the browser stays: it is the one way to be reached that needs no provider.")
    delete(actor, method, now)


def set_rules(
    actor: Actor, user: User, urgency: Urgency, rules: Sequence[tuple[int, int]], now: datetime
) -> list[NotificationRule]:
    """Exactly these: (method, seconds after the page) each. None: every verified method at once."""
    require_self_or_manager(actor, user)
    methods = {method.pk: method for method in user.contact_methods.defer("address", "secret")}
    _check_rules(rules, methods)
    rows = [
        NotificationRule(user=user, urgency=urgency, method=methods[method], delay_seconds=delay)
        for method, delay in sorted(rules, key=lambda rule: rule[1])
    ]
    with transaction.atomic():
        before = _in_words(user, urgency)
        user.rules.filter(urgency=urgency).delete()
        saved = NotificationRule.objects.bulk_create(rows)
        record(actor, "changed", user, now, before=before, after=_in_words(user, urgency))
    return saved


def _method(user: User, kind: str, label: str, address: str, secret: str, now: datetime) -> ContactMethod:
    if kind not in CHANNELS or not CHANNELS[kind].is_offered:
        raise Refused("Choose one of the ways to be reached that are offered.", {"kind": "Not offered."})
    channel = CHANNELS[kind]
    try:
        address = channel.check(address)
    except BadAddress as error:
        raise Refused(str(error), {"address": str(error)}) from error
    _refuse_twice(user, kind, address)
    if kind == "webhook" and not secret:
        secret = sealing.token()  # its receiver cannot know a page from a forgery otherwise
    return ContactMethod(
        user=user, kind=kind, label=label.strip() or channel.label, address=address, secret=secret, created_at=now
    )


def _refuse_twice(user: User, kind: str, address: str) -> None:
    """Addresses are sealed, so the database cannot tell."""
    there = sealing.legible(user.contact_methods.filter(kind=kind), "address", "secret")
    if any(method.address == address for method in there):
        raise Refused(f"{address} is already one of the contact methods.", {"address": "Already there."})


def _check_rules(rules: Sequence[tuple[int, int]], methods: dict[int, ContactMethod]) -> None:
    if unknown := [method for method, _ in rules if method not in methods]:
        raise Refused(f"{len(unknown)} of these contact methods are not there any more. Nothing was changed.")
    if unverified := [str(methods[m].label) for m, _ in rules if methods[m].verified_at is None]:
        raise Refused(f"Verify {', '.join(unverified)} first. Nothing was changed.")
    if len({method for method, _ in rules}) < len(rules):
        raise Refused("A contact method can be used once for an urgency. Remove one of the two lines.")
    if any(not 0 <= delay <= LONGEST_DELAY.total_seconds() for _, delay in rules):
        raise Refused("A rule can wait for a day at most.")


def _in_words(user: User, urgency: Urgency) -> dict[str, JSON]:
    rows = user.rules.filter(urgency=urgency).select_related("method").defer("method__address", "method__secret")
    return {f"{urgency.value} urgency": [f"{row.method.label} after {row.delay_seconds} s" for row in rows]}


def _letter(method: ContactMethod, code: str) -> Draft:
    content = Content(
        purpose="verification",
        title=f"{code} is your Tocsin code",
        text=f"Enter {code} in Tocsin to be paged here from now on. The code holds for ten minutes. "
        "If you did not ask for it, do nothing: without it nothing is sent here.",
        url=settings.PUBLIC_URL,
        data={"code": code},
    )
    return Draft(
        kind=method.kind,
        purpose="verification",
        target=method.address,
        secret=method.secret,
        content=content,
        key=sealing.fingerprint(sealing.token()),
    )


def _hash(method: ContactMethod, code: str) -> str:
    return sealing.fingerprint(f"{method.pk}:{code}")
