"""A small SNS: it signs as the real one does, with a certificate of its own, which it hands out at SNS's address."""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tests.conftest import NOON
from tocsin.ingest.contract import Unavailable

CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
SUBSCRIBE = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=0123"
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}
_SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def _key_and_certificate(start: datetime, end: datetime) -> tuple[rsa.RSAPrivateKey, bytes]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
    return key, made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass
class Amazon:
    key: rsa.RSAPrivateKey
    certificate: bytes
    fetched: list[str] = field(default_factory=list)
    is_away: bool = False

    @classmethod
    def at(cls, start: datetime = NOON - timedelta(days=1), end: datetime = NOON + timedelta(days=365)) -> "Amazon":
        return cls(*_key_and_certificate(start, end))

    def fetch(self, url: str) -> bytes:
        """As `ingest.certificates.fetch`, without the network."""
        self.fetched.append(url)
        if self.is_away:
            raise Unavailable("no route to host")
        return self.certificate

    def says(self, message: object, *, subject: str = "", **more: str) -> dict[str, str]:
        text = message if isinstance(message, str) else json.dumps(message)
        return self.signed(
            {"Type": "Notification", "Message": text, **({"Subject": subject} if subject else {}), **more}
        )

    def asks(self, **more: str) -> dict[str, str]:
        text = "You have chosen to subscribe to the topic."
        return self.signed(
            {"Type": "SubscriptionConfirmation", "Message": text, "SubscribeURL": SUBSCRIBE, "Token": "0123", **more}
        )

    def ends(self, **more: str) -> dict[str, str]:
        return self.asks(Type="UnsubscribeConfirmation", Message="You have chosen to deactivate it.", **more)

    def signed(self, message: Mapping[str, str]) -> dict[str, str]:
        whole = {
            "MessageId": str(uuid.uuid4()),
            "TopicArn": TOPIC,
            "Timestamp": "2026-03-04T11:59:30.412Z",
            "SignatureVersion": "2",
            "SigningCertURL": CERTIFICATE,
            **message,
        }
        text = "".join(f"{name}\n{whole[name]}\n" for name in _SIGNED if name in whole)
        made = self.key.sign(text.encode(), padding.PKCS1v15(), _HASHES[whole["SignatureVersion"]]())
        return {**whole, "Signature": base64.b64encode(made).decode()}
