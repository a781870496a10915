"""What SNS signs, and where it may be from. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from tocsin.sources import loose
from tocsin.sources.loose import Json

OLDEST = timedelta(hours=1)  # SNS gives up earlier
AHEAD = timedelta(minutes=15)  # clocks differ
_HOST = re.compile(r"sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def is_of_aws(url: str) -> bool:
    """Whether an address is one of SNS's own, over https and its usual port, without a name before the host."""
    if not (url.isascii() and url.isprintable()) or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return url.startswith("https://") and parts.netloc == parts.hostname and bool(_HOST.fullmatch(parts.netloc))
    except ValueError:
        return False


def is_certificate(url: str) -> bool:
    return is_of_aws(url) and urlsplit(url).path.endswith(".pem")


def is_recent(message: Json, now: datetime) -> bool:
    at = sent_at(message)
    return at is not None and now - OLDEST <= at <= now + AHEAD


def sent_at(message: Json) -> datetime | None:
    try:
        at = datetime.fromisoformat(loose.text(message, "Timestamp"))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def signed_text(message: Json) -> bytes:
    """Names and values, each on a line of its own, in the order of their names; a subject only where there is one."""
    names = _NOTIFICATION if message.get("Type") == "Notification" else _CONFIRMATION
    return "".join(f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None).encode()
