"""A channel of a chat, by an incoming webhook in Slack's format.

Slack, Mattermost, Rocket.Chat, Google Chat, Zulip, and Discord (its address followed by `/slack`) take it.
https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import json
from datetime import timedelta

from tocsin import clock
from tocsin.channels import http
from tocsin.channels.contract import Channel, Content, Failed, Letter, Result, Retry

LONGEST = 3500  # characters; Discord and Google Chat cut or refuse what is over about 4000


def check(address: str) -> str:
    return http.checked(address)


def send(letter: Letter) -> Result:
    body = json.dumps({"text": text(letter.content)}, ensure_ascii=False).encode()
    try:
        answer = http.post(letter.target, body, {"Content-Type": "application/json"})
    except http.Refused as error:
        return Failed(error=str(error))
    except http.Unreachable as error:
        return Retry(error=str(error))
    return http.verdict(answer, clock.now())


def text(content: Content) -> str:
    """Many read it, so it has no link that acknowledges; and what an alert says cannot call everybody."""
    lines = [content.title, content.text, *(f"{name}: {value}" for name, value in content.facts)]
    said = _escaped("\n".join(line for line in lines if line)[:LONGEST])
    return f"{said}\n{content.url}" if content.url else said


def _escaped(words: str) -> str:
    """Slack's three: without them `<!channel>` in a title is a call."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


CHANNEL = Channel(
    kind="chat",
    label="Chat channel",
    address_label="Incoming webhook URL",
    placeholder="https://hooks.slack.com/services/…",
    needs_address=True,
    has_secret=False,
    check=check,
    send=send,
    give_up_after=timedelta(minutes=30),
    for_people=False,
)
