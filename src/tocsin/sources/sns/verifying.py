"""Whether SNS has signed a message. https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html"""

import base64
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from tocsin.sources import loose
from tocsin.sources.loose import Json
from tocsin.sources.sns.signing import signed_text

_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}  # SHA1 is what SNS still sends unless the topic says otherwise


class Verdict(StrEnum):
    SIGNED = "signed"
    NOT_SIGNED = "its signature is not that of SNS"
    WRONG_VERSION = "its signature is of a version that Tocsin does not know"
    WRONG_CERTIFICATE = "its certificate cannot be read, or is not valid now"


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
