"""What each kind of GitLab's messages says of a change."""

from collections.abc import Callable, Mapping

from tocsin.core.signals import Change
from tocsin.sources import loose, places, texts, times
from tocsin.sources.contract import Unreadable
from tocsin.sources.loose import Json

_ENDED = ("success", "failed")
_HEAD, _TAG = "refs/heads/", "refs/tags/"


def change(sent: Json, delivery: str) -> Change | None:
    read = _KINDS.get(loose.text(sent, "object_kind", "event_name"))
    return read(sent, delivery) if read else None


def _deployment(sent: Json, delivery: str) -> Change:
    where, project = loose.text(sent, "environment"), _project(sent)
    title = loose.text(sent, "commit_title")
    commit = loose.text(sent, "short_sha")
    return Change(
        summary=texts.summary(
            f"Deploy {commit} of {project} to {where or 'somewhere'}" + (f": {title}" if title else "")
        ),
        key=_key("deployment", loose.text(sent, "deployment_id")),
        source=project,
        status=texts.cut(loose.text(sent, "status"), texts.LONGEST_STATUS),
        at=times.moment(sent.get("status_changed_at")),
        environment=places.place(where, loose.text(sent, "environment_tier")),
        version=texts.name(commit),
        author=_who(sent),
        details=loose.kept(sent, "ref", "environment_tier"),
        links=texts.links(
            [
                (sent.get("deployable_url"), "Job"),
                (sent.get("environment_external_url"), "What runs there"),
                (sent.get("commit_url"), "Commit"),
            ]
        ),
        delivery=delivery,
    )


def _release(sent: Json, delivery: str) -> Change | None:
    if loose.text(sent, "action") == "delete":
        return None
    tag, project = loose.text(sent, "tag"), _project(sent)
    return Change(
        summary=texts.summary(f"Release {loose.text(sent, 'name') or tag} of {project}"),
        key=_key("release", loose.text(sent, "id")),
        source=project,
        status="released",
        at=times.moment(sent.get("released_at")),
        version=texts.name(tag),
        author=texts.name(loose.text(loose.part(sent, "commit", "author"), "name")),
        links=texts.links([(sent.get("url"), "Release")]),
        delivery=delivery,
    )


def _pipeline(sent: Json, delivery: str) -> Change | None:
    """Those of the default branch that have ended; those of merge requests change nothing that runs."""
    run, project = loose.part(sent, "object_attributes"), _project(sent)
    status, ref = loose.text(run, "status"), loose.text(run, "ref")
    is_of_request = loose.text(run, "source") == "merge_request_event"
    if status not in _ENDED or ref != _branch(sent) or run.get("tag") is True or is_of_request:
        return None
    return Change(
        summary=texts.summary(f"Pipeline on {ref} of {project}: {_title(loose.part(sent, 'commit'))}"),
        key=_key("pipeline", loose.text(run, "id")),
        source=project,
        status=status,
        at=times.moment(run.get("finished_at")),
        version=texts.name(texts.commit(loose.text(run, "sha"))),
        author=_who(sent),
        details=loose.kept(run, "name", "source", "duration"),
        links=texts.links([(run.get("url"), "Pipeline")]),
        delivery=delivery,
    )


def _push(sent: Json, delivery: str) -> Change | None:
    """To the default branch."""
    after, branch, project = loose.text(sent, "after"), _branch(sent), _project(sent)
    if not branch or loose.text(sent, "ref") != f"{_HEAD}{branch}" or _is_nothing(after):
        return None
    commits = sent.get("commits")
    last = commits[-1] if isinstance(commits, list) and commits and isinstance(commits[-1], Mapping) else {}
    return Change(
        summary=texts.summary(f"Push to {branch} of {project}: {_title(last)}"),
        key=texts.key(f"push-{after}"),
        source=project,
        version=texts.name(texts.commit(after)),
        author=texts.name(loose.text(sent, "user_name", "user_username")),
        details={"commits": loose.text(sent, "total_commits_count"), **loose.kept(sent, "before")},
        links=texts.links([(last.get("url"), "Commit")]),
        delivery=delivery,
    )


def _tag(sent: Json, delivery: str) -> Change | None:
    after, tag, project = loose.text(sent, "after"), loose.text(sent, "ref").removeprefix(_TAG), _project(sent)
    if _is_nothing(after) or not tag:
        return None
    home = loose.text(loose.part(sent, "project"), "web_url")
    return Change(
        summary=texts.summary(f"Tag {tag} of {project}"),
        key=texts.key(f"tag-{tag}-{after}"),
        source=project,
        version=texts.name(tag),
        author=texts.name(loose.text(sent, "user_name", "user_username")),
        links=texts.links([(f"{home}/-/tags/{tag}" if home else "", "Tag")]),
        delivery=delivery,
    )


def _flag(sent: Json, delivery: str) -> Change:
    flag, project = loose.part(sent, "object_attributes"), _project(sent)
    way = "on" if flag.get("active") is True else "off"
    back = "off" if way == "on" else "on"
    name = loose.text(flag, "name")
    return Change(
        summary=texts.summary(f"Feature flag {name} of {project} switched {way}"),
        source=project,
        author=_who(sent),
        rollback=f"Switch the feature flag {name} {back} again.",
        details=loose.kept(flag, "description"),
        links=texts.links([(loose.text(loose.part(sent, "project"), "web_url"), "Project")]),
        delivery=delivery,
    )


def _key(of: str, known: str) -> str:
    if not known:
        raise Unreadable(f"The message of GitLab does not say which {of} it is about.")
    return texts.key(f"{of}-{known}")


def _project(sent: Json) -> str:
    return texts.name(loose.text(loose.part(sent, "project"), "path_with_namespace", "name") or "a project")


def _branch(sent: Json) -> str:
    """The default one."""
    return loose.text(loose.part(sent, "project"), "default_branch")


def _who(sent: Json) -> str:
    return texts.name(loose.text(loose.part(sent, "user"), "name", "username"))


def _title(commit: Json) -> str:
    return texts.first_line(loose.text(commit, "title", "message"))


def _is_nothing(commit: str) -> bool:
    """Zeros stand for what was deleted."""
    return not commit.strip("0")


_KINDS: Mapping[str, Callable[[Json, str], Change | None]] = {
    "deployment": _deployment,
    "release": _release,
    "pipeline": _pipeline,
    "push": _push,
    "tag_push": _tag,
    "feature_flag": _flag,
}
