"""What the web process serves: uvicorn tocsin.config.asgi:application"""

import os
from typing import Any, cast
from urllib.parse import urlsplit

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.db import connection

from tocsin.config import django_setup, pulse

django_setup.setup()

# Django is ready only now
from tocsin.config.door import Door  # noqa: E402
from tocsin.config.environment import PULSE_FD, WAS_HUNG  # noqa: E402
from tocsin.config.live import Live  # noqa: E402
from tocsin.config.liveness import Liveness, Moving  # noqa: E402
from tocsin.config.mails import mails  # noqa: E402
from tocsin.config.proxies import behind_proxies  # noqa: E402
from tocsin.config.readiness import Readiness  # noqa: E402
from tocsin.config.refusals import Refusals  # noqa: E402
from tocsin.config.wsgi import application as pages  # noqa: E402
from tocsin.ingest.app import Ingest  # noqa: E402
from tocsin.ingest.commit import Committer  # noqa: E402
from tocsin.ingest.http import App  # noqa: E402
from tocsin.ingest.stores import store_for  # noqa: E402

THREADS = 8  # for pages

store = store_for(connection)
committer = Committer(store)
refusals = Refusals()
moving = Moving(pages)
threads = WSGIMiddleware(cast("Any", moving), workers=THREADS)
told = os.environ.get(PULSE_FD)
live, readiness = Live(), Readiness()
application = Door(
    ingest=Ingest(store, committer=committer, refused=refusals.note),
    beside=[*mails(store, committer, refusals.note), refusals],
    live=live,
    readiness=readiness,
    liveness=Liveness(
        moving,
        threads.executor,
        committer,
        {"tabs": live, "readiness": readiness},
        hung_after=settings.ENVIRONMENT.hung_after,
        pulse=pulse.sender(int(told)) if told else None,
        was_hung=WAS_HUNG in os.environ,
    ),
    pages=behind_proxies(cast("App", threads), settings.ENVIRONMENT.proxies),  # only pages ask who the client is
    public_host=urlsplit(settings.PUBLIC_URL).hostname or "localhost",
)
