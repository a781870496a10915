"""A raw mail (RFC 5322, RFC 2045–2047) as values. Nothing that a stranger writes takes long, or much memory.

Python's older policy reads the headers: its newer one parses each address and parameter by a grammar, in time that
grows with the square of some headers' length, and raises where it should report.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email import policy
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr

from tocsin.sources.email import html

MOST_HEADERS = 200
MOST_PARTS = 300
_DEEPEST = 12  # places where a mail may open another level
_LONGEST_HEADER = 2000
_LARGEST_TEXT = 64 * 1024  # bytes of a part that are read
_LONGEST_NAME = 255
_ODD = {"punycode", "idna", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem"}  # no charset of a mail
_LONGEST_ADDRESS = 500
_OPENS = re.compile(rb"boundary\s*\*?[0-9*]*\s*=|message/", re.IGNORECASE)
# of the standard library's readers; RuntimeError is also Python's recursion limit
_MISTAKES = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RuntimeError)


class _Brief(policy.Compat32):
    """Cuts headers where they are read: the time to look for a parameter grows with the square of their number."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:_LONGEST_HEADER]


_POLICY = _Brief()


@dataclass(frozen=True, kw_only=True)
class Mail:
    sender: str  # an address, or what stands in its place
    to: str
    subject: str  # one line; may be empty
    text: str
    message_id: str
    headers: Mapping[str, str] = field(default_factory=dict)  # by their names in lower case, the first of each
    attachments: tuple[str, ...] = ()  # their names


def read(body: bytes) -> Mail:
    """Any bytes are a mail, if perhaps a poor one."""
    message = _message(body)
    headers = _headers(message)
    texts, pages, attachments = _sorted(message)
    text = "\n\n".join(t for t in texts if t.strip()) or "\n\n".join(html.text(p) for p in pages)
    return Mail(
        sender=address(headers.get("from", "")),
        to=headers.get("to", ""),
        subject=headers.get("subject", ""),
        text=text.replace("\r\n", "\n").strip(),
        message_id=headers.get("message-id", ""),
        headers=headers,
        attachments=tuple(attachments),
    )


def address(text: str) -> str:
    """Of “Nagios <nagios@example.org>” the address."""
    try:
        return parseaddr(text[:_LONGEST_ADDRESS])[1] or text
    except _MISTAKES:
        return text


def clean(text: str) -> str:
    """Without NULs and halves of characters, which no database stores."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _message(body: bytes) -> "Message[str, str]":
    """What is built to be a burden (levels inside levels, parts without number) is read as one plain text."""
    is_plain = len(_OPENS.findall(body)) > _DEEPEST or body.count(b"\n--") > MOST_PARTS
    return BytesParser(policy=_POLICY).parsebytes(body, headersonly=is_plain)


def _headers(message: "Message[str, str]") -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in message.raw_items():
        if len(found) >= MOST_HEADERS:
            break
        found.setdefault(clean(name.lower())[:_LONGEST_NAME], decoded(str(value)))
    return found


def decoded(value: str) -> str:
    """A header on one line; its encoded words (RFC 2047) read, and what cannot be read left as it is."""
    try:
        pieces = decode_header(value)
    except _MISTAKES:
        pieces = [(value, None)]
    text = "".join(_piece(piece, charset) for piece, charset in pieces)
    return clean(" ".join(text.split()))


def _piece(piece: bytes | str, charset: str | None) -> str:
    raw = piece.encode("utf-8", "surrogateescape") if isinstance(piece, str) else piece
    return _decoded(raw, charset or "utf-8")


def _decoded(raw: bytes, charset: str) -> str:
    """What says no charset that there is, or is not what it says, is UTF-8, or else Western European."""
    for name in (charset, "utf-8", "cp1252"):
        try:
            if codecs.lookup(name).name not in _ODD:
                return raw.decode(name)
        except _MISTAKES:
            continue
    return raw.decode("utf-8", "replace")


def _sorted(message: "Message[str, str]") -> tuple[list[str], list[str], list[str]]:
    """The plain texts, the HTML, the names of what is attached."""
    texts: list[str] = []
    pages: list[str] = []
    attachments: list[str] = []
    for part in _parts(message):
        kind = part.get_content_type()
        name = _file_name(part)
        if name or part.get_content_disposition() == "attachment":
            attachments.append(name or kind)
        elif kind == "text/html":
            pages.append(_text(part))
        elif kind.startswith("text/") or part is message:
            texts.append(_text(part))
        else:
            attachments.append(kind)
    return texts[:10], pages[:10], attachments[:50]


def _parts(message: "Message[str, str]") -> Iterator["Message[str, str]"]:
    """Those without parts of their own. A mail that was forwarded as a whole is read like the rest."""
    for part in message.walk():
        if not part.is_multipart():
            yield part


def _file_name(part: "Message[str, str]") -> str:
    try:
        return decoded(part.get_filename() or "")[:_LONGEST_NAME]
    except _MISTAKES:
        return "unnamed"


def _text(part: "Message[str, str]") -> str:
    try:
        raw = part.get_payload(decode=True)
    except _MISTAKES:
        raw = None
    if not isinstance(raw, bytes):
        raw = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return clean(_decoded(_cut(raw), _charset(part)))


def _cut(raw: bytes) -> bytes:
    """At the end of a line, so that no character is cut in two."""
    return raw if len(raw) <= _LARGEST_TEXT else raw[:_LARGEST_TEXT].rpartition(b"\n")[0] or raw[:_LARGEST_TEXT]


def _charset(part: "Message[str, str]") -> str:
    try:
        return part.get_content_charset() or "utf-8"
    except _MISTAKES:
        return "utf-8"
