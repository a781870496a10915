"""Mails as tools and mail programs write them."""

import time
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import NOON
from tocsin.core.signals import Action, Severity, Signal
from tocsin.sources import email
from tocsin.sources.contract import Unreadable
from tocsin.sources.email import mail, stamps, subjects

WORDS = frozenset(subjects.ACTIONS)


def hear(raw: bytes | str, mapping: dict[str, Any] | None = None) -> Signal:
    (found,) = email.parse(raw if isinstance(raw, bytes) else raw.encode(), mapping or {}, NOON)
    return found


def written(subject: str, text: str = "", **headers: str) -> str:
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"From: monitor@example.org\nSubject: {subject}\n{more}\n{text}"


def test_nagios_opens_and_its_recovery_resolves_the_same_alert() -> None:
    opened = hear(email.SAMPLE)
    assert (opened.action, opened.severity, opened.source) == (Action.TRIGGER, Severity.CRITICAL, "db1")
    assert opened.summary == "** PROBLEM Service Alert: db1/Disk Space is CRITICAL **"
    assert "DISK CRITICAL - free space" in str(opened.details["text"])
    assert opened.links[0].href.startswith("https://monitor.example.org/nagios/")
    over = hear(written("** RECOVERY Service Alert: db1/Disk Space is OK **"))
    assert (over.action, over.dedup_key) == (Action.RESOLVE, opened.dedup_key)
    seen = hear(written("** ACKNOWLEDGEMENT Service Alert: db1/Disk Space is CRITICAL **"))
    assert (seen.action, seen.dedup_key) == (Action.ACKNOWLEDGE, opened.dedup_key)


ZABBIX = """Problem started at 11:59:30 on 2026.03.04
Problem name: High CPU on web1
Host: web1
Severity: Disaster
Operational data: Current utilization: 97.2 %
Original problem ID: 4711
"""


def test_zabbix_says_host_and_severity_in_its_text() -> None:
    opened = hear(written("Problem: High CPU on web1", ZABBIX))
    assert (opened.source, opened.severity) == ("web1", Severity.CRITICAL)
    over = hear(written("Resolved in 1m 5s: High CPU on web1", "Problem has been resolved at 12:00:35"))
    assert (over.action, over.dedup_key) == (Action.RESOLVE, opened.dedup_key)
    assert hear(written("Updated problem in 2h 3m: High CPU on web1")).dedup_key == opened.dedup_key


def test_cron_pages_with_what_the_job_printed() -> None:
    sent = "From: root@db1 (Cron Daemon)\nTo: x@y\nSubject: Cron <root@db1> /usr/local/bin/backup\n"
    found = hear(
        f"{sent}Auto-Submitted: auto-generated\nPrecedence: bulk\nX-Cron-Env: <SHELL=/bin/sh>\n\npg_dump: failed"
    )
    assert (found.action, found.source, found.severity) == (Action.TRIGGER, "root@db1", Severity.ERROR)
    assert found.summary == "Cron <root@db1> /usr/local/bin/backup"
    assert found.details["text"] == "pg_dump: failed"


def test_cloudwatch_by_mail_and_never_the_link_that_ends_the_subscription() -> None:
    text = (
        'You are receiving this email because your Amazon CloudWatch Alarm "Orders" in the EU (Ireland) region has '
        "entered the ALARM state.\n\nView this alarm in the AWS Management Console:\n"
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/deeplink.js?region=eu-west-1#alarmsV2:alarm/Orders\n\n"
        "--\nIf you wish to stop receiving notifications from this topic, please click:\n"
        "https://sns.eu-west-1.amazonaws.com/unsubscribe.html?SubscriptionArn=arn:aws:sns:x\n"
    )
    opened = hear(written('ALARM: "Orders" in EU (Ireland)', text))
    assert [link.href.partition("?")[0] for link in opened.links] == [
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/deeplink.js"
    ]
    over = hear(written('OK: "Orders" in EU (Ireland)'))
    assert (over.action, over.dedup_key) == (Action.RESOLVE, opened.dedup_key)


@pytest.mark.parametrize(
    ("subject", "topic", "state"),
    [
        ("[FIRING:1] HighLatency (api)", "highlatency (api)", ""),
        ("[RESOLVED] HighLatency (api)", "highlatency (api)", "resolved"),
        ("Re: [Grafana] [OK] Disk", "[grafana] disk", "ok"),
        ("[Grafana] [Alerting] Disk", "[grafana] disk", ""),
        ("Fwd: AW: [External] RESOLVED: x", "[external] x", "resolved"),
        ("Monitor is UP: shop", "monitor: shop", "up"),  # UptimeRobot
        ("Monitor is DOWN: shop", "monitor: shop", ""),
        ("UP | backup", "backup", "up"),  # healthchecks
        ("Check_MK: db1/fs OK -> CRIT", "check_mk: db1/fs", ""),
        ("Check_MK: db1/fs CRIT -> OK", "check_mk: db1/fs", "ok"),
        ("[RECOVERY] Ping on db1 is OK!", "ping on db1!", "recovery"),  # Icinga
        ("✅ RESOLVED: a", "a", "resolved"),
        ("OK - disk full - db1", "disk full - db1", "ok"),
        ("** RECOVERY Host Alert: db1 is UP **", "host alert: db1", "recovery"),  # Nagios
        ("** PROBLEM alert - db1/Ping is CRITICAL **", "db1/ping", ""),
        ("** RECOVERY alert - db1/Ping is OK **", "db1/ping", "recovery"),
        ("RECOVERY - db1/Ping is OK", "db1/ping", "recovery"),
        ("Problem: PostgreSQL: Service is down", "postgresql: service", ""),  # Zabbix
        ("Resolved in 5m 3s: PostgreSQL: Service is down", "postgresql: service", "resolved"),
        ("[FIRING:2, RESOLVED:1] HighLatency", "highlatency", ""),  # Grafana
        ("[RESOLVED:1] HighLatency", "highlatency", "resolved"),
        ("[Triggered on {host:db1}] CPU", "{host:db1} cpu", ""),  # Datadog
        ("[P1] [Recovered on {host:db1}] CPU", "{host:db1} cpu", "recovered"),
        ("[Recovered on {host:db2}] CPU", "{host:db2} cpu", "recovered"),
        ("[Monitor Alert] Recovered: CPU", "[monitor alert] cpu", "recovered"),
        ("[shop] [✅ Up] 200 - OK", "[shop] 200 - ok", "up"),  # Uptime Kuma
        ("[shop] [🔴 Down] timeout", "[shop] timeout", ""),
        ("DOWN alert: shop (example.org) is DOWN", "shop (example.org)", ""),  # Pingdom
        ("UP alert: shop (example.org) is UP", "shop (example.org)", "up"),
        ("DOWN | backup", "backup", ""),
        ("Fired:Sev3 Azure Monitor Alert cpu on db1", "sev3 azure monitor alert cpu on db1", ""),
        ("Resolved:Sev3 Azure Monitor Alert cpu on db1", "sev3 azure monitor alert cpu on db1", "resolved"),
        ("[Success] Backup Job nightly", "backup job nightly", "success"),  # Veeam
        ("[Failed] Backup Job nightly", "backup job nightly", ""),
        ("db1 is back up", "db1", "up"),
        # a word of state that is only a part of what is there: these page, each for itself
        ("[Fixed Income] Pricing job failed", "[fixed income] pricing job failed", ""),
        ("[Normal priority] Server down", "[normal priority] server down", ""),
        ("[OK-Cluster] node3 is unreachable", "[ok-cluster] node3", ""),
        ("[Success Factors] Sync error", "[success factors] sync error", ""),
        ("[Clear Channel] Site down", "[clear channel] site down", ""),
        ("[New York] db1", "[new york] db1", ""),
        ("*** Clear text password found ***", "clear text password found", ""),
        ("** Normal alert button is broken **", "normal alert button is broken", ""),
        ("Problem: Normal: sensor 3 is silent", "sensor 3 is silent", ""),
        ("Error rate is up", "error rate", ""),
        ("Port 22 on db1 is CLOSED", "port 22 on db1", ""),
        ("Config moved from blue -> ok", "config moved from blue -> ok", ""),
        # words where no tool puts a state: these page
        ("Is everything OK? The site is down", "is everything ok? the site", ""),
        ("OK to restart db1?", "ok to restart db1?", ""),
        ("Up in smoke: the server room", "up in smoke: the server room", ""),
        ("Backup closed the port", "backup closed the port", ""),
    ],
)
def test_what_a_subject_says(subject: str, topic: str, state: str) -> None:
    found = subjects.read(subject, WORDS)
    assert (found.topic, found.state) == (topic, state)


def test_the_words_can_be_changed() -> None:
    assert hear(written("OK: disk")).action is Action.RESOLVE
    mapping = {"actions": {"entwarnung": "resolve"}}
    assert hear(written("OK: disk"), mapping).action is Action.TRIGGER
    over = hear(written("Entwarnung: disk"), mapping)
    assert (over.action, over.dedup_key) == (Action.RESOLVE, hear(written("PROBLEM: disk"), mapping).dedup_key)


def test_a_mapping_sees_all_of_a_mail() -> None:
    mapping = {
        "summary": "{{ subject }} ({{ headers['x-rack'] }})",
        "dedup_key": 'headers."x-ticket"',
        "severity": "headers.rank",
        "severities": {"hoch": "critical"},
        "source": "from",
    }
    found = hear(written("Fan", "dead", X_Rack="7b", X_Ticket="T-1", Rank="hoch"), mapping)
    assert (found.summary, found.dedup_key, found.severity) == ("Fan (7b)", "T-1", Severity.CRITICAL)
    with pytest.raises(Unreadable, match="does not work"):
        hear(written("Fan"), {"summary": "[["})


def test_what_stands_behind_the_plus_is_the_key() -> None:
    kept = stamps.stamped(written("OK: whatever").encode(), {stamps.TO: "+db1-disk@tocsin", stamps.TAG: "db1-disk"})
    assert hear(kept).dedup_key == "db1-disk"


def test_importance_is_severity_where_nothing_else_says_one() -> None:
    assert hear(written("Fire", Importance="high")).severity is Severity.CRITICAL
    assert hear(written("Fire", X_Priority="1 (Highest)")).severity is Severity.CRITICAL
    assert hear(written("WARNING: smoke", Importance="high")).severity is Severity.WARNING
    assert hear(written("Fire")).severity is Severity.ERROR


def test_outlooks_html_becomes_lines() -> None:
    page = (
        "<html><head><style>p {color: red}</style><title>no</title></head><body lang=DE><div class=WordSection1>"
        "<p class=MsoNormal>Der Server&nbsp;<b>db1</b> ist weg<o:p></o:p></p><table><tr><td>Host:</td><td>db1</td></tr>"
        '</table><a href="https://x.example.org/a?b=1&amp;c=2">Ansehen</a><script>alert(1)</script></div></body></html>'
    )
    found = hear(written("Server weg", page, Content_Type="text/html; charset=utf-8"))
    assert found.details["text"] == "Der Server db1 ist weg\n\nHost: db1\n\nAnsehen (https://x.example.org/a?b=1&c=2)"
    assert found.source == "db1"
    assert found.links[0].href == "https://x.example.org/a?b=1&c=2"


def test_a_multipart_mail_gives_its_plain_text_and_names_what_is_attached() -> None:
    message = EmailMessage()
    message["Subject"], message["From"] = "Störung im Rechenzentrum – 温度", "Jürgen Ä <j@example.org>"
    message.set_content("Temperatur 41 °C\nhttps://temp.example.org")
    message.add_alternative("<p>Temperatur <b>41</b></p>", subtype="html")
    message.add_attachment(b"\x00\x01" * 5000, maintype="image", subtype="png", filename="grün.png")
    found = hear(message.as_bytes())
    assert found.summary == "Störung im Rechenzentrum – 温度"
    assert (found.details["text"], found.details["attachments"]) == (
        "Temperatur 41 °C\nhttps://temp.example.org",
        "grün.png",
    )
    assert (found.details["from"], found.source) == ("Jürgen Ä <j@example.org>", "j@example.org")


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-1", "Plattenfehler auf Gerät 3"),
        ("shift_jis", "サーバー障害"),
        ("iso-2022-jp", "サーバー障害"),
        ("koi8-r", "Диск"),
    ],
)
def test_other_charsets(charset: str, text: str) -> None:
    head = f"Subject: x\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n".encode()
    assert hear(head + text.encode(charset)).details["text"] == text


@pytest.mark.parametrize("charset", ["no-such", "punycode", "hex", "", "utf-8\x00", "idna", '"'])
def test_a_charset_that_is_none_still_gives_the_text(charset: str) -> None:
    raw = f"Subject: x\nContent-Type: text/plain; charset={charset}\n\nGerät".encode("cp1252")
    assert hear(raw).details["text"] == "Gerät"


def test_mail_without_a_subject_is_known_by_its_first_line_or_its_sender() -> None:
    assert hear("From: a@b\n\ndisk full\nmore").summary == "disk full"
    assert hear("From: a@b\n\n").summary == "A mail of a@b without a subject"
    assert hear(b"").summary == "A mail of nobody without a subject"
    assert hear("Subject: =?utf-8?B?*** Resolved ***\n\n").dedup_key


def test_nothing_comes_through_that_a_database_cannot_keep() -> None:
    found = hear(b"Subject: a\0b =?utf-8?b?AGM=?=\nFrom: \xed\xa0\x80\n\n\0text\xed\xa0\x80")
    assert "\0" not in repr(found)
    repr(found).encode()


MANY = 512 * 1024
_NESTED = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(400))
BURDENS = {
    "messages in messages": b"Subject: x\n" + b"Content-Type: message/rfc822\n\n" * 17_000,
    "parts in parts": b"Subject: x\n" + _NESTED + b"a\n" * 200_000,
    "parts without number": b"Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n" + b"--b\n" * 130_000,
    "encoded words": b"Subject: x " + b"=?a?q?" * 85_000 + b"\n\n",
    "addresses": b"Subject: x\nFrom: " + b"<(@," * 130_000 + b"\n\n",
    "parameters": b"Subject: x\nContent-Type: text/plain; " + b'\\";' * 170_000 + b"\n\n",
    "continued parameters": b"Subject: x\nContent-Type: text/plain; " + b"a*0=x;" * 85_000 + b"\n\n",
    "open tags": b"Subject: x\nContent-Type: text/html\n\n" + b"<a " * 170_000,
    "brackets": b"Subject: " + b"[ok]" * 130_000 + b"\n\n",
    "a charset that is slow": b"Subject: x\nContent-Type: text/plain; charset=punycode\n\n-" + b"a" * MANY,
    "own lines": b"Subject: x\n" + b"X-Tocsin-To:\n a\n" * 30_000 + b"\n",
}


@pytest.mark.parametrize("name", BURDENS)
def test_a_mail_that_is_built_to_be_a_burden_is_read_quickly(name: str) -> None:
    started = time.process_time()
    assert hear(stamps.stamped(BURDENS[name][:MANY], {stamps.TO: "a"}, "0f" * 16)).dedup_key
    assert time.process_time() - started < 2


NAMES = ["Subject", "From", "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "X"]
BODIES = [b"--b\n\nx\n--b--", b"begin 644 x\n#0V%T\nend", b"=C3=ZZ", b"--b\n--b"]


@settings(max_examples=60)
@given(
    headers=st.lists(
        st.tuples(
            st.sampled_from(NAMES),
            st.text(max_size=20)
            | st.sampled_from(
                ["multipart/mixed; boundary=b", "text/html; charset=utf-7", "base64", "x-uuencode", "quoted-printable",
                 "message/rfc822", "multipart/digest; boundary=b", "attachment; filename*0*=utf-9''%ff", "=?b?q?=FF?="]
            ),
        ),
        max_size=6,
    ),
    body=st.binary(max_size=60) | st.sampled_from(BODIES),
)  # fmt: skip
def test_any_mail_is_an_alert(headers: list[tuple[str, str]], body: bytes) -> None:
    head = "".join(f"{name}: {value}\n" for name, value in headers).encode("utf-8", "surrogatepass")
    found = hear(head + b"\n" + body)
    assert len(found.dedup_key) in range(1, 256)
    assert "\0" not in f"{found.summary}{found.source}{found.details}"
    repr(found).encode()


def test_what_the_sender_calls_ours_is_not_kept_and_neither_is_the_key() -> None:
    key = "0123456789abcdef" * 2
    head = f"Subject: x\r\nx-tocsin-tag: evil\r\n folded\r\nX-TOCSIN-To: evil\r\nTo: {key.upper()}@h\r\n"
    raw = f"{head}\r\nX-Tocsin-To: body {key}"
    kept = stamps.stamped(raw.encode(), {stamps.TO: "+a@h\r\nBcc: x", stamps.TAG: ""}, key).decode()
    assert "evil" not in kept
    assert "folded" not in kept
    assert kept.startswith("X-Tocsin-To: +a@hBcc: x\r\nSubject: x\r\n")
    assert kept.endswith(f"To: {'0' * 32}@h\r\n\r\nX-Tocsin-To: body {'0' * 32}")


def test_our_own_mails_and_reports_about_them_are_known_and_others_are_not() -> None:
    own = b"Subject: Alert\r\nX-Tocsin-Sent-By: tocsin.example.org\r\n\r\nhi"
    assert stamps.is_own(own, "tocsin.example.org", "a@b")
    assert not stamps.is_own(own, "other.example.org", "a@b")
    report = b"Subject: Undelivered\r\nAuto-Submitted: auto-replied\r\n\r\nreport:\r\n" + own
    assert stamps.is_own(report, "tocsin.example.org", "")
    assert not stamps.is_own(report, "tocsin.example.org", "a@b")  # somebody forwards one
    assert not stamps.is_own(b"Subject: x\r\nAuto-Submitted: auto-generated\r\n\r\n", "tocsin.example.org", "")


def test_a_mail_that_is_forwarded_as_a_whole_is_read_too() -> None:
    raw = b"Subject: Fwd: x\nContent-Type: message/rfc822\n\nSubject: PROBLEM: y\n\nHost: db9"
    assert hear(raw).source == "db9"
    assert mail.read(raw).text == "Host: db9"
