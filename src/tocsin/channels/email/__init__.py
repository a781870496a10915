"""E-mail by SMTP."""

from datetime import timedelta

from tocsin.channels.contract import Channel
from tocsin.channels.email.address import check
from tocsin.channels.email.smtp import send

CHANNEL = Channel(
    kind="email",
    label="E-mail",
    address_label="E-mail address",
    placeholder="ada@example.com",
    needs_address=True,
    has_secret=False,
    check=check,
    send=send,
    give_up_after=timedelta(hours=1),
)
