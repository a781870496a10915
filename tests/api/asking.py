"""What every list and every POST of the API has in common."""

from typing import Any

from tests.api.caller import Caller


def by_cursor(caller: Caller, path: str) -> list[dict[str, Any]]:
    """All items, one a page; each page but the last leads to the next."""
    joint = "&" if "?" in path else "?"
    page = caller.get(f"{path}{joint}limit=1")
    found = page["items"]
    while page["next"]:
        page = caller.get(f"{path}{joint}limit=1&cursor={page['next']}")
        assert len(page["items"]) == 1
        found += page["items"]
    assert found == caller.get(path)["items"]
    return found


def twice(caller: Caller, path: str, body: object = None, *, expect: int = 200) -> Any:
    """The POST, and again with the same key: the first answer comes back, whatever has become of it."""
    key = {"Idempotency-Key": f"once {path}"}
    first, again = (caller.call("POST", path, body, **key) for _ in range(2))
    assert (first.status, again.status) == (expect, expect), (first.body, again.body)
    assert again.body == first.body
    assert again.headers.get("Idempotent-Replayed") == "true"
    return first.body


def refused(caller: Caller, method: str, path: str, body: object = None) -> str:
    """Not allowed, as problem details say in words."""
    answer = caller.call(method, path, body)
    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/problem+json"), answer.body
    return str(answer.body["detail"])
