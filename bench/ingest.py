"""Single events a second, answered after fsync, next to Alertmanager's `POST /api/v2/alerts`, which keeps them
in memory.

The same machine, the same load generator (wrk), the same number of connections, in turns; the ratio is the median of
the rounds'. The web process alone is measured: what the engine does with the events comes later, in its own time.
"""

import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

CONNECTIONS = 128
SECONDS = 4
ROUNDS = 3
KEY = "0123456789abcdef0123456789abcdef"
HERE = Path(__file__).resolve().parent

_OURS = (
    f'{{"routing_key":"{KEY}","event_action":"trigger","dedup_key":"disk-@@","payload":{{"summary":'
    '"Disk of db1 is 91 % full","source":"db1","severity":"critical","component":"postgresql",'
    '"custom_details":{"mount":"/var/lib/postgresql","free":"18 GB"}}}'
)
_THEIRS = (
    '[{"labels":{"alertname":"DiskFull","instance":"db1","severity":"critical","component":"postgresql","n":"@@"},'
    '"annotations":{"summary":"Disk of db1 is 91 % full","mount":"/var/lib/postgresql","free":"18 GB"}}]'
)
_ALERTMANAGER = "route: {receiver: none}\nreceivers: [{name: none}]\n"
_SEED = f"""
from tocsin.config import django_setup
django_setup.setup()
from django.contrib.auth import get_user_model
from tocsin import clock
from tocsin.policies.models import EscalationPolicy
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration, Service
now = clock.now()
policy = EscalationPolicy.objects.create(name="Bench", slug="bench")
service = Service.objects.create(name="bench", slug="bench", policy=policy, created_at=now)
Integration.objects.create(
    service=service, kind="pagerduty", name="bench", key_hash=fingerprint("{KEY}"), key_hint="0123", created_at=now
)
"""


def run() -> dict[str, dict[str, object]]:
    for name in ("wrk", "prometheus-alertmanager"):
        if shutil.which(name) is None:
            sys.exit(f"{name} is not installed: apt-get install wrk prometheus-alertmanager")
    return {f"ingest {kind}": _compare(kind, target) for kind, target in (("sqlite", 0.7), ("postgresql", 1.0))}


def _compare(kind: str, target: float) -> dict[str, object]:
    with _tocsin(kind) as ours, _alertmanager() as theirs:
        _load(ours, "/v2/enqueue", _OURS, 1)
        _load(theirs, "/api/v2/alerts", _THEIRS, 1)
        rounds = [(_load(ours, "/v2/enqueue", _OURS), _load(theirs, "/api/v2/alerts", _THEIRS)) for _ in range(ROUNDS)]
    return {
        "ours": round(statistics.median(one for one, _ in rounds)),
        "peer": round(statistics.median(other for _, other in rounds)),
        "ratio": round(statistics.median(one / other for one, other in rounds), 2),
        "unit": "events/s",
        "target": target,
        "connections": CONNECTIONS,
    }


def _load(url: str, path: str, body: str, seconds: int = SECONDS) -> float:
    """Requests a second that were answered with 2xx; anything else ends the benchmark."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(HERE / "post.lua"), url]
    environ = {**os.environ, "BENCH_PATH": path, "BENCH_BODY": body}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) ([\d.]+)", done.stdout)
    if found is None or int(found[2]) or int(found[3]):
        sys.exit(f"{url}{path} did not take every event:\n{done.stdout}{done.stderr}")
    return int(found[1]) / float(found[4])


@contextlib.contextmanager
def _tocsin(kind: str) -> Iterator[str]:
    os.environ["TEST_DATABASE"] = kind
    for name in [n for n in sys.modules if n in {"tests.databases", "tests.running"}]:
        del sys.modules[name]  # they choose the database when they are imported
    from tests import databases, running  # noqa: PLC0415

    port = running.free_port()
    environ = {
        **os.environ,
        "TOCSIN_DATA": str(databases.scratch()),
        "TOCSIN_DATABASE_URL": databases.fresh(),
        "TOCSIN_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "DJANGO_SETTINGS_MODULE": "tocsin.config.settings",
    }
    subprocess.run([sys.executable, "-m", "tocsin.cli.main", "migrate"], env=environ, check=True, capture_output=True)
    subprocess.run([sys.executable, "-c", _SEED], env=environ, check=True)
    with socket.create_server(("127.0.0.1", port)) as listening:
        fd = listening.fileno()
        command = [sys.executable, "-m", "tocsin.cli.main", "web", "--fd", str(fd)]
        with _process(command, environ, f"http://127.0.0.1:{port}", "/healthz", fd) as url:
            yield url


@contextlib.contextmanager
def _alertmanager() -> Iterator[str]:
    from tests import databases, running  # noqa: PLC0415

    port, home = running.free_port(), databases.scratch()
    config = home / "alertmanager.yml"
    config.write_text(_ALERTMANAGER)
    command = [
        "prometheus-alertmanager",
        f"--config.file={config}",
        f"--storage.path={home}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=error",
    ]
    with _process(command, dict(os.environ), f"http://127.0.0.1:{port}", "/-/ready") as url:
        yield url


@contextlib.contextmanager
def _process(command: list[str], environ: Mapping[str, str], url: str, ready: str, *fds: int) -> Iterator[str]:
    process = subprocess.Popen(command, env=dict(environ), stdout=subprocess.DEVNULL, pass_fds=fds)
    try:
        _wait(url + ready)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    for _ in range(300):
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.1)
    sys.exit(f"{url} does not answer")
