"""A certificate for a host, signed by an authority that nobody knows."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

_SIGNS = {"key_cert_sign": True, "crl_sign": True, "digital_signature": False}
_SERVES = {"key_cert_sign": False, "crl_sign": False, "digital_signature": True}
_NEVER = dict.fromkeys(
    ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
    False,
)


def certify(host: str, into: Path) -> None:
    """`ca.pem`, and `cert.pem` and `key.pem` of the host."""
    authority, own = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    name = _name("A company of one's own")
    root = _builder(name, name, authority, authority, is_authority=True).sign(authority, SHA256())
    builder = _builder(_name(host), name, own, authority, is_authority=False)
    named = x509.SubjectAlternativeName([x509.DNSName(host)])
    leaf = builder.add_extension(named, critical=False).sign(authority, SHA256())
    (into / "ca.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (into / "cert.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (into / "key.pem").write_bytes(own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    signer: EllipticCurvePrivateKey,
    *,
    is_authority: bool,
) -> x509.CertificateBuilder:
    """With all that a strict reader of RFC 5280 wants to see."""
    now = datetime.now(UTC)
    usage = x509.KeyUsage(**{**_NEVER, **(_SIGNS if is_authority else _SERVES)})
    signed_by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(signed_by, critical=False)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
