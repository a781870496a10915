"""msmtp and Python's smtplib send mails to a running server, which pages by mail."""

import smtplib
import subprocess

from tests import running
from tests.channels import servers
from tests.clients import beside

PROBLEM = (
    "From: nagios@m\nSubject: ** PROBLEM Service Alert: db1/Disk is CRITICAL **\n\nHost: db1\nhttps://m.example.org\n"
)


def test_a_mail_pages_and_its_recovery_resolves() -> None:
    port = running.free_port()
    with (
        servers.mailbox() as mailbox,
        running.serving(
            TOCSIN_SMTP_LISTEN=f"127.0.0.1:{port}",
            TOCSIN_SMTP_HOST="tocsin.example.org",
            TOCSIN_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}",
        ) as server,
    ):
        key = beside.run(server.environ, "tests.clients.seed", "ada@example.org")["email"]
        to = f"{key}@tocsin.example.org"

        msmtp = ["msmtp", "--host=127.0.0.1", f"--port={port}", "--tls=off", "--auth=off", "--from=nagios@m", to]
        subprocess.run(msmtp, input=PROBLEM.encode(), check=True, timeout=30)
        beside.until(lambda: mailbox.mails, "page")
        assert "db1/Disk is CRITICAL" in str(mailbox.mails[0])

        server.kill("web")  # the supervisor holds the socket: a mail that comes now waits, and is taken
        for subject in ("RECOVERY Service Alert: db1/Disk is OK", "PROBLEM Service Alert: db2/Disk is CRITICAL"):
            with smtplib.SMTP("127.0.0.1", port, local_hostname="m", timeout=60) as client:
                client.sendmail("nagios@m", [to], f"Subject: ** {subject} **\n\n")
        beside.until(lambda: len(mailbox.mails) > 1, "second page")
        first, second = beside.run(server.environ, "tests.clients.seen")["groups"]
        assert (first["state"], first["severity"], first["alerts"]) == (
            "resolved",
            "critical",
            ["service alert: db1/disk"],
        )
        assert second["state"] == "triggered"
