"""The part of the web process that takes mails, where that is switched on."""

import importlib
import os
import socket
import ssl
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from tocsin.config.environment import MAIL_FD
from tocsin.ingest.bodies import Refused
from tocsin.ingest.commit import Committer
from tocsin.ingest.contract import Store
from tocsin.ingest.sorting import Sorter

if TYPE_CHECKING:
    from tocsin.ingest.smtp import Listener


def mails(store: Store, committer: Committer, refused: Refused) -> list["Listener"]:
    """One, or none: the supervisor holds the socket, and says which it is. Without one its library is not loaded."""
    number = os.environ.get(MAIL_FD)
    if number is None:
        return []
    public = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    sorter = Sorter(store, committer, host=settings.MAIL_HOST, public_host=public)
    listening = socket.socket(fileno=int(number))
    listener = importlib.import_module("tocsin.ingest.smtp").Listener
    return [listener(sorter, listening, tls=_tls(settings.ENVIRONMENT.smtp_certificate), refused=refused)]


def _tls(files: tuple[str, str] | None) -> ssl.SSLContext | None:
    if files is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*files)
    return context
