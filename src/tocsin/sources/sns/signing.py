"""What SNS signs, and whether it did. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""

import base64
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tocsin.sources import loose
from tocsin.sources.loose import Json

OLDEST = timedelta(hours=1)  # SNS gives up earlier
AHEAD = timedelta(minutes=15)  # clocks differ
_HOST = re.compile(r"sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?")
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}  # SHA1 is what SNS still sends unless the topic says otherwise


class Verdict(StrEnum):
    SIGNED = "signed"
    NOT_SIGNED = "its signature is not that of SNS"
    WRONG_VERSION = "its signature is of a version that Tocsin does not know"
    WRONG_CERTIFICATE = "its certificate cannot be read, or is not valid now"


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


def verdict(message: Json, certificate: bytes, now: datetime) -> Verdict:
    algorithm = _HASHES.get(loose.text(message, "SignatureVersion"))
    if algorithm is None:
        return Verdict.WRONG_VERSION
    key = _key(certificate, now)
    if key is None:
        return Verdict.WRONG_CERTIFICATE
    try:
        signature = base64.b64decode(loose.text(message, "Signature"), validate=True)
        key.verify(signature, signed_text(message), padding.PKCS1v15(), algorithm())
    except (InvalidSignature, ValueError):  # a text that is not base64, or not even ASCII
        return Verdict.NOT_SIGNED
    return Verdict.SIGNED


def _key(certificate: bytes, now: datetime) -> RSAPublicKey | None:
    try:
        read = x509.load_pem_x509_certificate(certificate)
        key = read.public_key()
    except ValueError:
        return None
    is_valid = read.not_valid_before_utc <= now <= read.not_valid_after_utc
    return key if is_valid and isinstance(key, RSAPublicKey) else None
