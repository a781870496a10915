"""What each of GitHub's events says of a change."""

from collections.abc import Callable, Mapping

from tocsin.core.signals import Change
from tocsin.sources import loose, places, texts, times
from tocsin.sources.contract import Unreadable
from tocsin.sources.loose import Json

_ENDED = ("success", "failure", "timed_out")
_GONE = "inactive"  # a later deployment took its place, which is no news of this one


def change(event: str, sent: Json, delivery: str) -> Change | None:
    read = _EVENTS.get(event)
    return read(sent, delivery) if read else None


def _deployment(sent: Json, delivery: str) -> Change:
    deployment = loose.part(sent, "deployment")
    return _deploy(sent, deployment, "pending", deployment, delivery)


def _deployment_status(sent: Json, delivery: str) -> Change | None:
    status = loose.part(sent, "deployment_status")
    state = loose.text(status, "state")
    if state == _GONE:
        return None
    return _deploy(sent, loose.part(sent, "deployment"), state, status, delivery)


def _deploy(sent: Json, deployment: Json, state: str, news: Json, delivery: str) -> Change:
    ref, sha, repository = loose.text(deployment, "ref"), loose.text(deployment, "sha"), _repository(sent)
    where = loose.text(news, "environment") or loose.text(deployment, "environment")
    return Change(
        summary=texts.summary(f"Deploy {texts.commit(ref)} of {repository} to {where or 'somewhere'}"),
        key=_key("deployment", deployment),
        source=repository,
        status=texts.cut(state, texts.LONGEST_STATUS),
        at=times.moment(news.get("created_at")),
        environment=places.place(where, "production" if deployment.get("production_environment") is True else ""),
        version=texts.name(texts.commit(sha)),
        author=_login(deployment.get("creator")) or _login(sent.get("sender")),
        rollback=texts.cut(loose.text(loose.part(deployment, "payload"), "rollback"), texts.LONGEST_ROLLBACK),
        details=loose.kept(deployment, "ref", "sha", "task", "description") | _said(news),
        links=texts.links(
            [
                (loose.text(news, "log_url", "target_url"), "Log"),
                (loose.part(sent, "workflow_run").get("html_url"), "Workflow run"),
                (news.get("environment_url"), "What runs there"),
                (_commit(sent, sha), "Commit"),
            ]
        ),
        delivery=delivery,
    )


def _said(news: Json) -> dict[str, object]:
    said = loose.text(news, "description")
    return {"said": said} if said and "state" in news else {}


def _release(sent: Json, delivery: str) -> Change | None:
    release, repository = loose.part(sent, "release"), _repository(sent)
    if loose.text(sent, "action") != "published":
        return None
    tag = loose.text(release, "tag_name")
    return Change(
        summary=texts.summary(f"Release {loose.text(release, 'name') or tag} of {repository}"),
        key=_key("release", release),
        source=repository,
        status="released",
        at=times.moment(release.get("published_at")),
        version=texts.name(tag),
        author=_login(release.get("author")) or _login(sent.get("sender")),
        details=loose.kept(release, "prerelease", "target_commitish"),
        links=texts.links([(release.get("html_url"), "Release")]),
        delivery=delivery,
    )


def _workflow_run(sent: Json, delivery: str) -> Change | None:
    """Runs of the default branch that have ended; those of pull requests change nothing that runs."""
    run, repository = loose.part(sent, "workflow_run"), _repository(sent)
    ended = loose.text(run, "conclusion")
    branch = loose.text(run, "head_branch")
    if ended not in _ENDED or branch != _branch(sent) or loose.text(run, "event").startswith("pull_request"):
        return None
    return Change(
        summary=texts.summary(f"Workflow {loose.text(run, 'name')} on {branch} of {repository}"),
        key=_key("workflow-run", run),
        source=repository,
        status=ended,
        at=times.moment(run.get("updated_at")),
        version=texts.name(texts.commit(loose.text(run, "head_sha"))),
        author=_login(run.get("actor")) or _login(sent.get("sender")),
        details=loose.kept(run, "display_title", "run_number", "run_attempt", "head_sha"),
        links=texts.links([(run.get("html_url"), "Workflow run")]),
        delivery=delivery,
    )


def _push(sent: Json, delivery: str) -> Change | None:
    """To the default branch."""
    after, branch, repository = loose.text(sent, "after"), _branch(sent), _repository(sent)
    if sent.get("deleted") is True or not branch or loose.text(sent, "ref") != f"refs/heads/{branch}":
        return None
    if not after:
        raise Unreadable("The push of GitHub does not say which commit it brings.")
    commits = sent.get("commits")
    head = loose.part(sent, "head_commit")
    return Change(
        summary=texts.summary(f"Push to {branch} of {repository}: {texts.first_line(loose.text(head, 'message'))}"),
        key=texts.key(f"push-{after}"),
        source=repository,
        at=times.moment(loose.part(sent, "repository").get("pushed_at")),
        version=texts.name(texts.commit(after)),
        author=texts.name(loose.text(loose.part(sent, "pusher"), "name") or _login(sent.get("sender"))),
        details={"commits": len(commits) if isinstance(commits, list) else 0, **loose.kept(sent, "forced", "before")},
        links=texts.links([(sent.get("compare"), "What is new"), (head.get("url"), "Commit")]),
        delivery=delivery,
    )


def _key(of: str, found: Json) -> str:
    known = loose.text(found, "id")
    if not known:
        raise Unreadable(f"The message of GitHub does not say which {of} it is about.")
    return texts.key(f"{of}-{known}")


def _repository(sent: Json) -> str:
    return texts.name(loose.text(loose.part(sent, "repository"), "full_name", "name") or "a repository")


def _branch(sent: Json) -> str:
    """The default one."""
    return loose.text(loose.part(sent, "repository"), "default_branch", "master_branch")


def _commit(sent: Json, sha: str) -> str:
    home = loose.text(loose.part(sent, "repository"), "html_url")
    return f"{home}/commit/{sha}" if home and sha else ""


def _login(who: object) -> str:
    return texts.name(loose.text(who, "login", "name")) if isinstance(who, Mapping) else ""


_EVENTS: Mapping[str, Callable[[Json, str], Change | None]] = {
    "deployment": _deployment,
    "deployment_status": _deployment_status,
    "release": _release,
    "workflow_run": _workflow_run,
    "push": _push,
}
