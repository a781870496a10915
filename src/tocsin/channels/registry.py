"""The channels that there are."""

from collections.abc import Mapping

from tocsin.channels import chat, email, inapp, ntfy, sns, webhook
from tocsin.channels.contract import Channel

CHANNELS: Mapping[str, Channel] = {
    c.kind: c for c in (inapp.CHANNEL, email.CHANNEL, ntfy.CHANNEL, webhook.CHANNEL, chat.CHANNEL, sns.CHANNEL)
}
