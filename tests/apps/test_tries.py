import pytest
from django.core.cache import cache

from tocsin.health import tries


def test_each_try_counts() -> None:
    assert [tries.note("each-try-counts", 60) for _ in range(3)] == [1, 2, 3]
    assert tries.note("another", 60) == 1


def test_a_count_that_runs_out_in_between_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "add", lambda *_: False)  # still there, says the cache, and then it is not
    assert tries.note("runs-out", 60) == 1
