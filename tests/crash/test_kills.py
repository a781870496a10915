"""`kill -9` of the real processes at random points, while people are paged and answer: nothing is lost.

What was due is worked out from the policy and from what was taken, and compared with what really arrived. `CRASH_SEED`
has the same stories and the same kills come again; how they meet is up to the machine.
"""

import os
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic, sleep
from typing import Any

import pytest

from tests.channels import servers
from tests.crash import beside, due
from tests.crash.due import Uptime
from tests.crash.fences import Fences
from tests.crash.inbox import GONE, Inbox
from tests.crash.killers import BOTH, Cutter, Killer, Wrecker, a_seed, running
from tests.crash.ledger import Act, Kind
from tests.crash.stories import POLICIES, Stories
from tests.databases import IS_POSTGRESQL
from tests.running import Running, serving

SETTLES = 60.0  # seconds at most until all that is due has come
STARTS = re.compile(r"^(\S+Z) .* the engine starts", re.MULTILINE)


@dataclass(kw_only=True)
class Judged:
    """What came of all alerts."""

    uptime: Uptime
    due: int = 0  # pages that had to come
    came: int = 0  # pages that came, each once
    missed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def story(kills: int) -> None:
    seed = int(os.environ.get("CRASH_SEED") or a_seed())
    sys.stderr.write(f"CRASH_SEED={seed}\n")
    with servers.receiver() as receiver, servers.mailbox() as mailbox:
        receiver.refuses = frozenset({"/gone"})
        with serving(TOCSIN_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}") as server:
            inbox = Inbox(receiver=receiver, mailbox=mailbox)
            stories = _stories(server, receiver.url, inbox, seed)
            with Fences(database_url=server.environ["TOCSIN_DATABASE_URL"]) as fences:
                said, uptime = _kill(server, stories, kills, seed)
                server.wait_ready()
                judged = _settled(stories, inbox, uptime)
            check(server, stories, inbox, judged, kills)
            assert fences.broken == []
            assert fences.looks > kills
            sys.stdout.write(f"seed {seed}: {said}; {_figures(stories, judged, inbox)}\n")
            assert server.stop() == 0


def _stories(server: Running, url: str, inbox: Inbox, seed: int) -> Stories:
    made = beside.seed_stories(server, url)
    return Stories(
        url=server.url, keys=made["keys"], token=made["token"], environ=server.environ, inbox=inbox, seed=seed
    )


def _kill(server: Running, stories: Stories, kills: int, seed: int) -> tuple[str, Uptime]:
    """One of ten is a kill of everything. What was killed, in words, and when there was an engine."""
    whole = kills // 10
    each = (kills - whole) // 2
    killers = [Killer(server=server, child=child, kills=each, seed=seed) for child in BOTH]
    wrecker = Wrecker(server=server, kills=whole, seed=seed, every=kills * 1.2 / (whole + 1))
    cutter = Cutter(server=server, every=8.0, seed=seed)
    with stories, running([*killers, wrecker, cutter]) as threads:
        for thread in threads[:-1]:
            thread.join()
    assert [k.problems for k in (*killers, wrecker)] == [[], [], []], server.tail()
    assert sum(len(k.times) for k in (*killers, wrecker)) == kills
    assert cutter.times or not IS_POSTGRESQL
    said = f"{kills} kills ({whole} of everything), {len(cutter.times)} cuts"
    return said, _uptime(server, [*killers[1].times, *wrecker.times], cutter.times)


def _uptime(server: Running, ends: list[float], cuts: list[float]) -> Uptime:
    """An engine says when it starts. One whose connections were cut has new ones two seconds later."""
    starts = [datetime.fromisoformat(at).timestamp() for at in STARTS.findall(server.log.read_text(errors="replace"))]
    return Uptime.of([*starts, *(cut + 2 for cut in cuts)], [*ends, *cuts])


def _settled(stories: Stories, inbox: Inbox, uptime: Uptime) -> Judged:
    """As soon as all has come that had to; or what is still missing, in the end."""
    end = monotonic() + SETTLES
    while (judged := judge(stories, inbox, uptime)).missed and monotonic() < end:
        sleep(0.5)
    return judged


def judge(stories: Stories, inbox: Inbox, uptime: Uptime) -> Judged:
    arrived = {key: [(a.whom, a.at) for a in inbox.pages_of(key)] for key in stories.ledger.acts}
    for_now = {key: _pages(stories, key, uptime) for key in arrived}
    uptime = uptime.shown_by(sign for key, came in arrived.items() for sign in due.shown(for_now[key], came))
    found = Judged(uptime=uptime)
    for key, acts in stories.ledger.acts.items():
        pages, came = _pages(stories, key, uptime), arrived[key]
        found.due += sum(page.must for page in pages)
        found.came += len(came)
        found.missed += [f"{key}: {what}; {_told(acts)}; {uptime.near(acts)}" for what in due.missed(pages, came)]
        found.wrong += [f"{key}: {what}; {_told(acts)}" for what in due.superfluous(pages, came)]
    return found


def _pages(stories: Stories, key: str, uptime: Uptime) -> list[due.Due]:
    return due.pages(due.story(stories.ledger.acts[key], uptime), POLICIES[stories.ledger.policies[key]], uptime)


def _told(acts: list[Act]) -> str:
    return ", ".join(f"{a.kind} by {a.via} {a.asked:.2f}–{a.taken:.2f} ({a.attempts})" for a in acts)


def check(server: Running, stories: Stories, inbox: Inbox, judged: Judged, kills: int) -> None:
    assert (stories.failures, stories.odd) == ([], []), server.tail()
    assert (judged.missed, judged.wrong) == ([], [])
    seen = beside.inspect(server.environ, "within=60")
    assert (seen["illegal"], seen["repairs"]) == ([], {})
    assert set(seen["events"]) == {"absorbed"}  # type: ignore[call-overload]
    # what was to be sent was, was answered before, or was refused for good
    assert set(seen["messages"]) <= {"sent", "failed", "cancelled"}  # type: ignore[call-overload]
    told = beside.told(server, stories.ledger.receipts())
    assert (told["wrong_receipts"], told["repeated_signals"]) == ([], 0)
    assert set(told["openings"]) == set(stories.ledger.acts)
    differences = {key: compared(key, acts, told, judged.uptime) for key, acts in stories.ledger.acts.items()}
    assert [f"{key}: {what}; {_told(stories.ledger.acts[key])}" for key, what in differences.items() if what] == []
    counted = seen["possible_duplicates"]
    assert isinstance(counted, int)
    assert inbox.again <= counted  # also those are counted that were in the air and had not arrived
    assert inbox.again < kills


def compared(key: str, acts: list[Act], told: dict[str, Any], uptime: Uptime) -> list[str]:
    """Where what Tocsin tells of an alert is not what its acts amount to."""
    expected, openings = due.story(acts, uptime), told["openings"][key]
    events = [act for act in acts if act.via == "events"]
    heard = sum(o["outcomes"] for o in openings) + told["nothing_open"].get(key, 0)
    lines = Counter[str]()
    for opening in openings:
        lines.update(opening["entries"])
    sure, maybe = (sum(r.has_lapsed and r.is_sure >= s for r in expected.runs) for s in (True, False))
    answers = [act for act in acts if act.kind is Kind.ACKNOWLEDGE]
    rules = {
        "openings": len(openings) == expected.openings,
        "state": {openings[-1]["state"], openings[-1]["group"]} == {expected.state},
        "events taken": len(events) <= heard <= sum(act.attempts for act in events),
        "events counted": all(o["counted"] == o["outcomes"] for o in openings),
        "opened once": all(o["entries"].get("opened") == 1 for o in openings),
        "resolved once": all(o["entries"].get("resolved", 0) == (o["group"] == "resolved") for o in openings),
        "a line for each page": all(o["entries"].get("paged", 0) == o["pages"] for o in openings),
        "one escalation at most": all(len(o["escalations"]) <= 1 for o in openings),
        "answers": len(answers) <= lines["acknowledged"] <= sum(act.attempts for act in answers),
        "lapses": sure <= lines["timed_out"] <= maybe,
    }
    return [f"{name}: {openings}" for name, holds in rules.items() if not holds]


def _figures(stories: Stories, judged: Judged, inbox: Inbox) -> str:
    refused = sum(a.whom == GONE for key in stories.ledger.acts for a in inbox.of(key))
    return (
        f"{len(stories.ledger.acts)} alerts, {stories.ledger.taken} acts accepted, {judged.due} pages due, "
        f"{judged.came} arrived, {refused} refused for good, {inbox.again} duplicates"
    )


@pytest.mark.timeout(240)
def test_nothing_is_lost_in_twenty_kills() -> None:
    story(20)


@pytest.mark.long
@pytest.mark.timeout(2400)
def test_nothing_is_lost_in_two_hundred_kills() -> None:
    story(200)
