"""Handing a mail to the mail server."""

import contextlib
import smtplib
import ssl
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qs, unquote, urlsplit

from django.conf import settings

from tocsin.channels.contract import Failed, Letter, Result, Retry, Sent
from tocsin.channels.email import mail

TIMEOUT = 10.0  # seconds for one step of the conversation
_FOR_GOOD = 5
_LOCAL = {"localhost", "127.0.0.1", "::1"}


class Unsafe(Exception):
    """The server would be told the password in the clear."""


@dataclass(frozen=True, kw_only=True)
class Server:
    host: str
    port: int
    tls: bool  # from the start
    user: str
    password: str
    verify: bool  # whether the certificate must be good

    @property
    def is_local(self) -> bool:
        return self.host in _LOCAL


def send(letter: Letter) -> Result:
    if not settings.SMTP_URL:
        return Failed(error="No mail server is set. Set TOCSIN_SMTP_URL, restart Tocsin, and try this message again.")
    message = mail.composed(letter, settings.DEFAULT_FROM_EMAIL, urlsplit(settings.PUBLIC_URL).hostname or "localhost")
    try:
        _hand_over(server_of(settings.SMTP_URL), message.as_bytes(policy=mail.POLICY), letter.target)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        return _refused(code, text)
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPNotSupportedError, Unsafe, UnicodeError) as error:
        return Failed(error=str(error))
    except (smtplib.SMTPException, OSError) as error:
        return Retry(error=f"The mail server could not be used: {error}")
    return Sent(provider_id=str(message["Message-ID"]))


def server_of(url: str) -> Server:
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    host = parts.hostname or "localhost"
    return Server(
        host=host,
        port=parts.port or (465 if tls else 25),
        tls=tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        verify=host not in _LOCAL and parse_qs(parts.query).get("verify") != ["no"],
    )


def _hand_over(server: Server, message: bytes, to: str) -> None:
    smtp = _connected(server)
    try:
        _secure(smtp, server)
        if server.user:
            smtp.login(server.user, server.password)
        smtp.sendmail(mail.sender_address(settings.DEFAULT_FROM_EMAIL), [to], message)
    finally:
        with contextlib.suppress(smtplib.SMTPException, OSError):  # taken is taken, also when saying goodbye fails
            smtp.quit()
        smtp.close()


def _connected(server: Server) -> smtplib.SMTP:
    name = urlsplit(settings.PUBLIC_URL).hostname or "localhost"  # else smtplib asks the DNS for this host's name
    if server.tls:
        context = _tls(server.verify)
        return smtplib.SMTP_SSL(server.host, server.port, local_hostname=name, timeout=TIMEOUT, context=context)
    return smtplib.SMTP(server.host, server.port, local_hostname=name, timeout=TIMEOUT)


def _secure(smtp: smtplib.SMTP, server: Server) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.tls:
        return
    if smtp.has_extn("starttls"):
        smtp.starttls(context=_tls(server.verify))
        smtp.ehlo_or_helo_if_needed()
    elif server.user and not server.is_local:
        raise Unsafe(
            f"{server.host} offers no STARTTLS, so the password was not sent. Use smtps:// in TOCSIN_SMTP_URL."
        )


@lru_cache(maxsize=2)
def _tls(verify: bool) -> ssl.SSLContext:  # noqa: FBT001 - the key of a cache
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _refused(code: int, text: bytes | str) -> Result:
    """RFC 5321 4.2.1: 4xx is for now, 5xx for good."""
    said = text.decode(errors="replace") if isinstance(text, bytes) else text
    error = f"The mail server answered {code}: {said}"
    return Failed(error=error) if code // 100 == _FOR_GOOD else Retry(error=error)
