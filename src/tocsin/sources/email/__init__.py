"""Mails: what a tool that can do nothing else sends, and cron. RFC 5322, with the lines that Tocsin puts before it.

A mail is turned into an object of its usual parts, which a mapping reads as that of generic JSON does.
"""

import re
from collections.abc import Collection, Mapping
from datetime import datetime

from tocsin.core.signals import Signal
from tocsin.sources import generic, texts
from tocsin.sources.contract import Source
from tocsin.sources.email import mail, stamps, subjects
from tocsin.sources.email.mail import Mail
from tocsin.sources.generic.mapping import check_all

# what an empty mapping means; one that says less is filled up from here
MAPPING: Mapping[str, object] = {
    "summary": "subject",
    "dedup_key": "tag || topic",
    "severity": "level",
    "source": "host || from",
    "action": "state",
    "actions": dict(subjects.ACTIONS),
}
_LONGEST_TEXT = 10_000
_MOST_LINKS = 5
_FIRST_LINES = 60
_LINK = re.compile(r"https?://[^\s<>\"'(){}|\\^`]{1,1900}")
_SAYS = re.compile(r"^\s*(severity|host|hostname)\s*[:=]\s*(\S.*?)\s*$", re.IGNORECASE)
_IMPORTANT = {"high", "urgent"}


def parse(body: bytes, mapping: Mapping[str, object], received_at: datetime) -> list[Signal]:  # noqa: ARG001 - contract
    rule = {**MAPPING, **mapping}
    return generic.signals(event_of(mail.read(body), _words(rule)), rule)


def event_of(read: Mail, words: Collection[str]) -> dict[str, object]:
    """What a mapping sees."""
    subject = read.subject or texts.first_line(read.text) or f"A mail of {read.sender or 'nobody'} without a subject"
    said = subjects.read(subject, words)
    lines = _lines(read.text)
    return {
        "from": read.sender,
        "to": read.headers.get(stamps.TO.lower()) or read.to,
        "tag": read.headers.get(stamps.TAG.lower(), ""),
        "subject": subject,
        "text": read.text,
        "topic": said.topic or subject.casefold(),
        "state": said.state,
        "level": lines.get("severity") or said.level or _importance(read.headers),
        "host": lines.get("host") or lines.get("hostname", ""),
        "headers": dict(read.headers),
        "attachments": list(read.attachments),
        "message_id": read.message_id,
        "details": _details(read),
        "links": _links(read.text),
    }


def _words(rule: Mapping[str, object]) -> frozenset[str]:
    table = rule.get("actions")
    return frozenset(str(word).lower() for word in table) if isinstance(table, Mapping) else frozenset()


def _lines(text: str) -> dict[str, str]:
    """“Host: db1” and “Severity: High”, as Nagios and Zabbix write them; the first of each counts."""
    found: dict[str, str] = {}
    for line in text[:_LONGEST_TEXT].split("\n")[:_FIRST_LINES]:
        if says := _SAYS.match(line[: texts.LONGEST_NAME]):
            found.setdefault(says[1].lower(), says[2])
    return found


def _importance(headers: Mapping[str, str]) -> str:
    is_high = headers.get("importance", "").lower() in _IMPORTANT or headers.get("x-priority", "")[:1] in {"1", "2"}
    return "critical" if is_high else "error"


def _details(read: Mail) -> dict[str, object]:
    said = {
        "text": texts.cut(read.text, _LONGEST_TEXT),
        "from": texts.cut(read.headers.get("from", ""), texts.LONGEST_NAME),
        "attachments": ", ".join(read.attachments),
        "message_id": texts.cut(read.message_id, texts.LONGEST_NAME),
    }
    return {name: value for name, value in said.items() if value}


def _links(text: str) -> list[str]:
    """Never one that ends a subscription: somebody would open it in the night."""
    found = (link.rstrip(".,;:!?*]") for link in _LINK.findall(text[:_LONGEST_TEXT]))
    return list(dict.fromkeys(link for link in found if "unsubscribe" not in link.lower()))[:_MOST_LINKS]


SAMPLE = b"""\
From: nagios@monitor.example.org
To: alerts@example.org
Subject: ** PROBLEM Service Alert: db1/Disk Space is CRITICAL **
Date: Wed, 4 Mar 2026 11:59:30 +0000
Message-ID: <20260304115930.4711@monitor.example.org>
Content-Type: text/plain; charset=utf-8

***** Nagios *****

Notification Type: PROBLEM

Service: Disk Space
Host: db1
Address: 10.0.4.11
State: CRITICAL

Date/Time: Wed Mar 4 11:59:30 UTC 2026

Additional Info:

DISK CRITICAL - free space: /var/lib/postgresql 1834 MB (2%)
https://monitor.example.org/nagios/cgi-bin/extinfo.cgi?type=2&host=db1&service=Disk+Space
"""

SETUP = """\
Let your tool send its mails to this address:

  {url}

A mail opens an alert with its subject as the summary. One about the same thing that says in its subject that it is \
over (RECOVERY, RESOLVED, OK, UP and others, where tools put them) resolves it. What comes without such a word pages: \
better once too often than never. The words, and what makes two mails the same problem, are in the mapping and can be \
changed.

To say yourself what belongs together, put a name behind a plus before the @:

  {key}+backup@{host}

The mail server that is to deliver here needs Tocsin's SMTP listener (TOCSIN_SMTP_LISTEN).
"""

SOURCE = Source(
    kind="email",
    label="E-mail",
    about="Mails of cron, Nagios, Zabbix, appliances, and of anything else that can only send mail.",
    parse=parse,
    path="{key}@{host}",
    sample=SAMPLE,
    setup=SETUP,
    is_mailed=True,
    mapping=MAPPING,
    fits=check_all,
)
