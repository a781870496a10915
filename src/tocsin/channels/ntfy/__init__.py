"""ntfy: push messages to phones, by ntfy.sh or one's own server. https://docs.ntfy.sh/publish/#publish-as-json"""

import hashlib
import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

from tocsin import clock
from tocsin.channels import http
from tocsin.channels.contract import BadAddress, Channel, Content, Failed, Letter, Result, Retry, Sent

PUBLIC = "https://ntfy.sh"
LONGEST = 3500  # bytes of text; what is over ntfy's 4096 becomes an attachment
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")
_PRIORITIES = {"high": 5, "low": 3}  # 5 vibrates long and gets through “do not disturb” where the phone allows it
_TAGS = {"critical": "rotating_light", "error": "red_circle", "warning": "warning", "info": "information_source"}


def check(address: str) -> str:
    """A topic's URL; a bare topic is one of ntfy.sh."""
    address = address.strip().rstrip("/")
    if _TOPIC.fullmatch(address):
        return f"{PUBLIC}/{address}"
    address = http.checked(address)
    if not _TOPIC.fullmatch(urlsplit(address).path.rpartition("/")[2]):
        raise BadAddress("Enter the topic's URL, such as https://ntfy.sh/my-topic.")
    return address


def send(letter: Letter) -> Result:
    server, _, topic = letter.target.rpartition("/")
    body = json.dumps(payload(topic, letter)).encode()
    headers = {"Content-Type": "application/json"}
    if letter.secret:
        headers["Authorization"] = f"Bearer {letter.secret}"
    try:
        answer = http.post(f"{server}/", body, headers)
    except http.Refused as error:
        return Failed(error=str(error))
    except http.Unreachable as error:
        return Retry(error=str(error))
    result = http.verdict(answer, clock.now())
    return Sent(provider_id=_id_of(answer.body)) if isinstance(result, Sent) else result


def payload(topic: str, letter: Letter) -> dict[str, object]:
    content = letter.content
    found: dict[str, object] = {
        "topic": topic,
        # the same on every attempt: a message that is sent again takes the place of the first on the phone
        "sequence_id": hashlib.sha256(letter.key.encode()).hexdigest()[:32],
        "title": content.title[:250],
        "message": _text(content),
        "priority": _PRIORITIES.get(content.urgency, 2),
        "actions": _actions(content),
    }
    if content.severity in _TAGS:
        found["tags"] = [_TAGS[content.severity]]
    if content.url:
        found["click"] = content.url
    return found


def _text(content: Content) -> str:
    lines = [content.text, *(f"{name}: {value}" for name, value in content.facts)]
    return "\n".join(line for line in lines if line).encode()[:LONGEST].decode(errors="ignore")


def _actions(content: Content) -> list[dict[str, object]]:
    buttons = [("Acknowledge", content.ack_url), ("Open", content.url)]
    return [{"action": "view", "label": label, "url": url} for label, url in buttons if url]


def _id_of(body: bytes) -> str:
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        return ""


CHANNEL = Channel(
    kind="ntfy",
    label="ntfy push",
    address_label="Topic URL",
    placeholder="https://ntfy.sh/my-secret-topic",
    needs_address=True,
    has_secret=True,
    check=check,
    send=send,
    give_up_after=timedelta(minutes=30),
)
