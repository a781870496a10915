"""Which probes are due, who runs them, and what their results change.

The lease is `next_due` itself, moved to the time by which the run will be over: whoever moves it has it, and what a
node that dies leaves behind falls due again. A result that comes after that is not counted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Q

from tocsin.checks import settling
from tocsin.checks.configs import DNS, HTTP, KINDS, ProbeConfig, read_as
from tocsin.checks.models import Check, Result, Site
from tocsin.checks.settling import News
from tocsin.core import probes, storable
from tocsin.core.holds import clock
from tocsin.core.probes import Finding, State, Tally
from tocsin.core.signals import Severity
from tocsin.health import problems
from tocsin.health.edges import contained

MARGIN = timedelta(seconds=60)  # of a lease, beyond the timeout: for a resolver that hangs, and for the record
STALE = timedelta(minutes=10)  # a site that nobody has run for so long is told about
_STALE_PROBLEM = "probes without a node"
_MUTE_PROBLEM = "probes that tell nobody"
_BLOCKED_PROBLEM = "probes that cannot run"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A probe that is to be run now, by who holds it."""

    site_id: int
    check_id: int
    kind: str
    config: ProbeConfig
    headers: str
    leased_until: datetime


@dataclass(frozen=True, kw_only=True)
class Done:
    job: Job
    began_at: datetime
    finding: Finding


def config_of(check: Check) -> ProbeConfig:
    shape = KINDS[check.kind].config
    assert issubclass(shape, ProbeConfig)  # noqa: S101 - a heartbeat has no sites
    return read_as(shape, check.config)


def lease(region: str, now: datetime, limit: int) -> list[Job]:
    """Those that may run here and are due, the longest waiting first; each is this node's until its lease is over."""
    here = Site.objects.filter(Q(region="") | Q(region=region), next_due__lte=now)
    due = here.select_related("check_of").order_by("next_due")[:limit]
    taken = (contained(partial(_take, site, now), "a probe cannot be taken", id=site.pk).value for site in due)
    return [job for job in taken if job is not None]


def _take(site: Site, now: datetime) -> Job | None:
    check = site.check_of
    config = config_of(check)
    until = now + timedelta(seconds=config.timeout) + MARGIN
    if not Site.objects.filter(pk=site.pk, next_due=site.next_due).update(next_due=until):
        return None
    return Job(
        site_id=site.pk,
        check_id=check.pk,
        kind=check.kind,
        config=config,
        headers=check.headers,
        leased_until=until,
    )


def record(done: Done, now: datetime) -> bool:
    """The result, the region's tally, the verdict and its event, in one transaction. False: the lease was over."""
    done = replace(done, finding=_storable(done.finding))
    with transaction.atomic():
        # always the check first, then its sites: two regions may report at the same time
        check = Check.objects.select_for_update(of=("self",)).filter(pk=done.job.check_id).first()
        sites = list(Site.objects.select_for_update().filter(check_of=done.job.check_id).order_by("pk"))
        site = next((s for s in sites if s.pk == done.job.site_id), None)
        if check is None or site is None or site.next_due != done.job.leased_until:
            return False
        _keep(site, done)
        _settle(check, sites, done, now)
    return True


def _storable(finding: Finding) -> Finding:
    """What a target answers may be anything; a database takes not everything."""
    facts = {storable.text(name): storable.json(value) for name, value in finding.facts.items()}
    return replace(finding, error=storable.text(finding.error), facts=facts)


def _keep(site: Site, done: Done) -> None:
    finding, rule = done.finding, done.job.config.rule
    tally = probes.count(
        Tally(state=State(site.state), failures=site.failures, successes=site.successes), rule, finding
    )
    site.state, site.failures, site.successes = tally.state, tally.failures, tally.successes
    site.error, site.last_at = finding.error, done.began_at
    site.next_due = probes.next_due(tally, rule, done.began_at)
    site.save()
    Result.objects.create(
        check_of_id=site.check_of_id,
        region=site.region,
        at=done.began_at,
        is_ok=finding.is_ok,
        seconds=finding.seconds,
        phases=dict(finding.phases),
        facts=dict(finding.facts),
        error=finding.error,
    )


def _settle(check: Check, sites: Sequence[Site], done: Done, now: datetime) -> None:
    verdict = probes.verdict([State(site.state) for site in sites], done.job.config.regions_down)
    # the words of a state are those it began with: an error that varies by a millisecond is no news
    reason = check.reason if verdict == check.state else _sentence(verdict, sites)
    settling.settle(check, verdict, reason, _news(check, verdict, sites, done.finding), now)
    check.last_at = done.began_at
    check.save(update_fields=["state", "reason", "since", "is_alerting", "last_at"])


def _sentence(verdict: State, sites: Iterable[Site]) -> str:
    if verdict not in {State.DOWN, State.FAILING, State.BLOCKED}:
        return ""
    return _errors(sites)


def _errors(sites: Iterable[Site]) -> str:
    """“it answered 503”, or, where there are regions, which region says what."""
    said = [f"{site.region}: {site.error}" if site.region else site.error for site in sites if site.error]
    text = "; ".join(said)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _news(check: Check, verdict: State, sites: Sequence[Site], finding: Finding) -> News:
    """That it cannot be looked at is for the low-urgency rules: nobody knows of an outage."""
    errors = _errors(sites)
    why = f"{errors[:1].lower()}{errors[1:]}".rstrip(".") if errors else "it does not answer as it should"
    details = {"phases in s": dict(finding.phases), **finding.facts}
    is_blocked = verdict is State.BLOCKED
    return News(
        summary=f"{check.name} {'cannot be looked at' if is_blocked else 'is down'}: {why}",
        severity=_at_most_warning(check.severity) if is_blocked else "",
        source=target(check),
        details={name: value for name, value in details.items() if value not in ({}, None, "")},
    )


def _at_most_warning(severity: str) -> Severity:
    return min(Severity(severity), Severity.WARNING, key=lambda s: s.rank)


def target(check: Check) -> str:
    """What is looked at, as people write it."""
    if check.kind == HTTP:
        return str(check.config["url"])
    if check.kind == DNS:
        return f"{check.config.get('type', 'A')} {check.config['host']}"
    return f"{check.config['host']}:{check.config['port']}"


def tell_stale(now: datetime) -> int:
    """How many sites nobody runs; they are a problem that is shown, since a probe that does not run finds nothing."""
    stale = Site.objects.filter(next_due__lt=now - STALE).select_related("check_of").order_by("next_due")
    count = stale.count()
    if not count:
        problems.over(_STALE_PROBLEM, now)
        return 0
    first = stale[0]
    where = f" from {first.region}" if first.region else ""
    text = (
        f"{first.check_of.name} has not been looked at{where} since {clock(first.last_at or first.check_of.created_at)}"
        f", and so {count} in all. Is there a node with TOCSIN_REGION set to each region, and is it running?"
    )
    problems.report(_STALE_PROBLEM, "Probes are not run", text, first.check_of.get_absolute_url(), now)
    return count


def tell_blocked(now: datetime) -> int:
    """How many checks cannot run, because Tocsin does not go where they lead; they are a problem that is shown."""
    blocked = Check.objects.filter(state=State.BLOCKED).order_by("since", "pk")
    count = blocked.count()
    if not count:
        problems.over(_BLOCKED_PROBLEM, now)
        return 0
    first = blocked[0]
    others = f" So it is with {count} checks in all." if count > 1 else ""
    text = f"{first.name}: {first.reason} Until that is changed, its target is not watched.{others}"
    problems.report(_BLOCKED_PROBLEM, "Checks cannot run", text, first.get_absolute_url(), now)
    return count


def tell_mute(now: datetime) -> int:
    """How many checks run, and would tell nobody what they find: the integration that they speak through is off."""
    mute = Check.objects.filter(is_paused=False, outlet__is_enabled=False).select_related("outlet", "service")
    count = mute.count()
    if not count:
        problems.over(_MUTE_PROBLEM, now)
        return 0
    first = mute.order_by("pk")[0]
    text = (
        f"The integration “{first.outlet.name}” of {first.service.name} is switched off, and what its checks find "
        f"pages nobody: {first.name}, and so {count} in all. Switch it on, or pause the checks."
    )
    problems.report(_MUTE_PROBLEM, "Checks that tell nobody", text, first.get_absolute_url(), now)
    return count
