"""Debian's Dovecot, with mailboxes in a directory of its own."""

import contextlib
import getpass
import imaplib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from tests.mailboxes.certificates import certify
from tests.running import free_port

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
# wrong passwords are tried on purpose: nobody waits after them
auth_failure_delay = 0
mail_location = maildir:{home}/mail/%u
first_valid_uid = 1
auth_mechanisms = plain login
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls}
    ssl = yes
  }}
  chroot =
}}
service anvil {{
  chroot =
  # nor does the next from the same address, by whatever password
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail/%u
}}
"""
UNPRIVILEGED = """
default_internal_user = {user}
default_login_user = {user}
default_internal_group = {group}
"""


@dataclass(frozen=True, kw_only=True)
class Server:
    port: int
    tls: int  # port
    authority: Path  # certificate of the one that signed that of “localhost”
    mail: Path  # directory of all mailboxes


@dataclass(kw_only=True)
class Box:
    port: int
    user: str
    home: Path

    def client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=20)
        client.login(self.user, "secret")
        return client

    def put(self, raw: str, folder: str = "INBOX") -> None:
        with self.client() as client:
            client.append(folder, "", "", raw.encode())

    def make(self, folder: str) -> None:
        with self.client() as client:
            client.create(folder)

    def drop(self, folder: str) -> None:
        with self.client() as client:
            client.delete(folder)

    def permit(self, mode: int) -> None:
        """Of the files of its mails: with 0, Dovecot says NO to whoever fetches one."""
        for path in self.home.glob("*/*"):
            if path.parent.name in ("cur", "new"):
                path.chmod(mode)

    def empty(self) -> None:
        with self.client() as client:
            client.select()
            client.store("1:*", "+FLAGS", r"(\Deleted)")
            client.expunge()

    def count(self, what: str = "ALL", folder: str = "INBOX") -> int:
        with self.client() as client:
            client.select(folder)
            return len(client.search(None, what)[1][0].split())


def given(box: Box, **more: object) -> dict[str, object]:
    """What is said of a mailbox to set it up."""
    base = {"host": "127.0.0.1", "port": box.port, "security": "none", "user": box.user, "password": "secret"}
    return {**base, "folder": "INBOX", "afterwards": "seen", "move_to": "", **more}


def program() -> str:
    return shutil.which("dovecot") or "/usr/sbin/dovecot"


@contextlib.contextmanager
def dovecot() -> Iterator[Server]:
    """Any user gets a mailbox, with the password “secret”."""
    # not in TMPDIR, which may be closed to the user that Dovecot becomes
    home, port, tls = Path(tempfile.mkdtemp(prefix="dc", dir="/tmp")), free_port(), free_port()
    is_root = os.geteuid() == 0
    user, group = ("nobody", "nogroup") if is_root else (getpass.getuser(), str(os.getegid()))
    config = CONFIG.format(home=home, port=port, tls=tls, user=user, group=group)
    (home / "conf").write_text(config if is_root else config + UNPRIVILEGED.format(user=user, group=group))
    (home / "mail").mkdir()
    certify("localhost", home)
    home.chmod(0o755)
    (home / "mail").chmod(0o777)
    process = subprocess.Popen([program(), "-F", "-c", str(home / "conf")], stderr=subprocess.DEVNULL)
    try:
        _wait(port, home / "log")
        yield Server(port=port, tls=tls, authority=home / "ca.pem", mail=home / "mail")
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def _wait(port: int, log: Path) -> None:
    end = monotonic() + 20
    while monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as found:
            if found.recv(100).startswith(b"* OK"):
                return
        sleep(0.05)
    raise AssertionError(f"Dovecot did not start: {log.read_text() if log.exists() else ''}")
