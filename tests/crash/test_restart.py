"""What was held back before a power cut is held back after it, and so is what comes then."""

import json
import urllib.request

from tests.channels import servers
from tests.crash import beside
from tests.running import serving

SECRET = {"TOCSIN_SECRET_KEY": "the same before and after the cut"}


def test_silenced_and_inhibited_stay_so_when_everything_is_killed_and_started_again() -> None:
    with servers.receiver() as receiver:
        with serving(**SECRET) as server:
            key = beside.seed(server, receiver.url)
            beside.make_rules(server.environ)
            fires(server.url, key, "a is down", cluster="a")
            fires(server.url, key, "a is slow", "error", cluster="a")
            fires(server.url, key, "eu is down", region="eu")
            fires(server.url, key, "us is down", region="us")
            receiver.wait_for(2)
            beside.inspect(server.environ)  # nothing is in the air any more, that would be sent twice
            server.destroy()
        with serving(database_url=server.environ["TOCSIN_DATABASE_URL"], **SECRET) as again:
            fires(again.url, key, "a is slower", "error", cluster="a")
            fires(again.url, key, "eu is slow", region="eu")
            fires(again.url, key, "asia is down", region="asia")
            receiver.wait_for(3)
            seen = beside.inspect(again.environ)
    assert seen["illegal"] == []
    assert seen["events"] == {"absorbed": 7}
    paged = [json.loads(heard.body)["data"]["dedup_key"] for heard in receiver.heard]
    assert sorted(paged[:2]) == ["a is down", "us is down"]
    assert paged[2:] == ["asia is down"]


def fires(url: str, key: str, name: str, severity: str = "critical", **labels: str) -> None:
    """Taken by the server: 2xx."""
    payload = {"summary": name, "source": "db1", "severity": severity, "custom_details": labels}
    event = {"routing_key": key, "event_action": "trigger", "dedup_key": name, "payload": payload}
    request = urllib.request.Request(f"{url}/v2/enqueue", json.dumps(event).encode())
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.status == 202
