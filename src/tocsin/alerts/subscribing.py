"""Topics of SNS that ask whether their messages are wanted.

`ingest` lets in only who is expected, or, while an integration listens to none, anybody whom SNS vouches for. The first
of those is the one; the topic is known before SNS is told, so that what it sends next is expected.
"""

from collections.abc import Sequence
from datetime import datetime

from tocsin.alerts.changes import Told
from tocsin.channels.contract import Content
from tocsin.core.permissions import TOCSIN
from tocsin.core.signals import Subscription
from tocsin.outbox import actions as outbox
from tocsin.sealing import fingerprint
from tocsin.services.actions import learn_topic
from tocsin.services.models import Integration


def subscribe(told: Sequence[Told], now: datetime) -> None:
    """In the transaction of the batch."""
    drafts = [
        _yes(one.integration, one.what)
        for one in told
        if isinstance(one.what, Subscription) and learn_topic(TOCSIN, one.integration.pk, one.what.topic, now)
    ]
    outbox.put(drafts, now)


def _yes(integration: Integration, asked: Subscription) -> outbox.Draft:
    text = f"“{integration}” is to hear what {asked.topic} publishes. Opening the address that SNS gave says yes."
    return outbox.Draft(
        kind="sns",
        purpose="subscription",
        target=asked.url,
        content=Content(purpose="subscription", title=f"Subscribe to {asked.topic}"[:200], text=text),
        key=f"sns-{fingerprint(asked.url)[:56]}",
    )
