"""Tocsin's web process and an Alertmanager on this machine, and wrk, which loads one after the other."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 128
SECONDS = 4
HERE = Path(__file__).resolve().parent

PAGERDUTY_KEY = "0123456789abcdef0123456789abcdef"
ALERTMANAGER_KEY = "fedcba9876543210fedcba9876543210"
PAGERDUTY = "/v2/enqueue"
OUR_PUSH, THEIR_PUSH = f"/in/alertmanager/{ALERTMANAGER_KEY}/api/v2/alerts", "/api/v2/alerts"
# @@ is a number below 10,000, another one for each alert
EVENT = (
    f'{{"routing_key":"{PAGERDUTY_KEY}","event_action":"trigger","dedup_key":"disk-@@","payload":{{"summary":'
    '"Disk of db1 is 91 % full","source":"db1","severity":"critical","component":"postgresql",'
    '"custom_details":{"mount":"/var/lib/postgresql","free":"18 GB"}}}'
)
ALERT = (
    '{"labels":{"alertname":"DiskFull","instance":"db1","severity":"critical","component":"postgresql","n":"@@"},'
    '"annotations":{"summary":"Disk of db1 is 91 % full","mount":"/var/lib/postgresql","free":"18 GB"}}'
)
_CONFIG = "route: {receiver: none}\nreceivers: [{name: none}]\n"
_SEED = f"""
from tocsin.config import django_setup
django_setup.setup()
from tocsin import clock
from tocsin.policies.models import EscalationPolicy
from tocsin.sealing import fingerprint
from tocsin.services.models import Integration, Service
now = clock.now()
policy = EscalationPolicy.objects.create(name="Bench", slug="bench")
service = Service.objects.create(name="bench", slug="bench", policy=policy, created_at=now)
for kind, key in (("pagerduty", "{PAGERDUTY_KEY}"), ("alertmanager", "{ALERTMANAGER_KEY}")):
    Integration.objects.create(
        service=service, kind=kind, name=kind, key_hash=fingerprint(key), key_hint=key[:4], created_at=now
    )
"""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    rate: float  # requests a second, each answered with 2xx
    p50: float  # ms
    p99: float  # ms


def need_peers() -> None:
    for name in ("wrk", "prometheus-alertmanager"):
        if shutil.which(name) is None:
            sys.exit(f"{name} is not installed: apt-get install wrk prometheus-alertmanager")


def load(
    url: str, path: str, body: str, *, seconds: int = SECONDS, connections: int = CONNECTIONS, pause: float = 0
) -> Loaded:
    """Anything but 2xx ends the benchmark. `pause`: ms that each connection waits before its next request."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", str(HERE / "post.lua"), url]
    environ = {**os.environ, "BENCH_PATH": path, "BENCH_BODY": body, "BENCH_PAUSE": str(pause)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    found = re.search(r"RESULT (\d+) (\d+) (\d+) ([\d.]+) ([\d.]+) ([\d.]+)", done.stdout)
    if found is None or int(found[2]) or int(found[3]):
        sys.exit(f"{url}{path} did not take every event:\n{done.stdout}{done.stderr}")
    return Loaded(rate=int(found[1]) / float(found[4]), p50=float(found[5]), p99=float(found[6]))


@contextlib.contextmanager
def tocsin(kind: str) -> Iterator[str]:
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
def alertmanager() -> Iterator[str]:
    from tests import databases, running  # noqa: PLC0415

    port, home = running.free_port(), databases.scratch()
    config = home / "alertmanager.yml"
    config.write_text(_CONFIG)
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
