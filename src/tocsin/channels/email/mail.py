"""What a mail looks like: the same in text and in HTML."""

import hashlib
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from html import escape

from tocsin.channels.contract import Content, Letter
from tocsin.sources.email.stamps import MARK

POLICY = SMTP.clone(max_line_length=76)
_COLOURS = {"critical": "#b3261e", "error": "#c2410c", "warning": "#a16207", "info": "#1d4ed8"}


def composed(letter: Letter, sender: str, domain: str) -> EmailMessage:
    """The Message-ID comes from the key: sent again, it is the same mail, and mailboxes show it once."""
    content = letter.content
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = letter.target
    message["Subject"] = _line(content.title)[:250]
    message["Message-ID"] = f"<{hashlib.sha256(letter.key.encode()).hexdigest()[:32]}@{domain}>"
    message[MARK] = domain  # by which a mail that comes back to us is known
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    if content.purpose == "page" and content.urgency == "high":
        message["Importance"] = "high"
        message["X-Priority"] = "1"
    message.set_content(text_of(content))
    message.add_alternative(html_of(content), subtype="html")
    return message


def sender_address(sender: str) -> str:
    return parseaddr(sender)[1]


def text_of(content: Content) -> str:
    facts = "\n".join(f"{name}: {value}" for name, value in content.facts)
    links = [("Acknowledge", content.ack_url), ("Open in Tocsin", content.url)]
    lines = "\n".join(f"{label}: {url}" for label, url in links if url)
    return "\n\n".join(part for part in (content.title, content.text, facts, lines) if part) + "\n"


def html_of(content: Content) -> str:
    colour = _COLOURS.get(content.severity, "#334155")
    body = "".join(
        (
            f'<h1 style="font-size:20px;margin:0 0 12px">{escape(content.title)}</h1>',
            _paragraphs(content.text),
            _table(content.facts),
            _buttons(content, colour),
        )
    )
    return (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark"></head>'
        '<body style="margin:0;padding:16px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5">'
        f'<div style="max-width:600px;margin:auto;padding:16px;border-top:4px solid {colour}">{body}</div>'
        "</body></html>"
    )


def _paragraphs(text: str) -> str:
    lines = (escape(part).replace("\n", "<br>") for part in text.split("\n\n") if part)
    return "".join(f'<p style="margin:0 0 12px">{part}</p>' for part in lines)


def _table(facts: tuple[tuple[str, str], ...]) -> str:
    rows = "".join(
        f'<tr><th style="text-align:left;padding:4px 16px 4px 0;vertical-align:top">{escape(name)}</th>'
        f'<td style="padding:4px 0">{escape(value)}</td></tr>'
        for name, value in facts
    )
    return f'<table style="border-collapse:collapse;margin:0 0 16px">{rows}</table>' if rows else ""


def _buttons(content: Content, colour: str) -> str:
    shape = "display:inline-block;padding:12px 20px;margin:0 8px 8px 0;border-radius:6px;text-decoration:none"
    filled, quiet = f"{shape};background:{colour};color:#fff;font-weight:600", f"{shape};border:1px solid #94a3b8"
    links = [("Acknowledge", content.ack_url, filled), ("Open in Tocsin", content.url, quiet)]
    made = (f'<a href="{escape(url)}" style="{style}">{label}</a>' for label, url, style in links if url)
    return "<p>" + "".join(made) + "</p>"


def _line(text: str) -> str:
    return " ".join(text.split())
