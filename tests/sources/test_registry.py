"""Every source keeps the contract."""

from pathlib import Path

import pytest

from tests.conftest import NOON
from tocsin.core.signals import Beat
from tocsin.sources.contract import Source
from tocsin.sources.registry import SOURCES


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_source_reads_its_own_sample_and_says_how_to_set_it_up(source: Source) -> None:
    (heard,) = source.parse(source.sample, {}, NOON)
    if not isinstance(heard, Beat):
        assert heard.summary
        assert heard.links
    said = source.setup.replace("{url}", "https://tocsin.example.org/x").replace("{key}", "0123")
    assert "https://tocsin.example.org/x" in said
    assert "{url}" not in said
    assert source.about.endswith(".")


PAGES = Path(__file__).parents[2] / "docs" / "integrations"
ELSEWHERE = {"heartbeat": "cron"}


@pytest.mark.parametrize("kind", sorted(SOURCES.keys() - {"checks"}))  # probes come from nowhere else
def test_a_source_has_a_page_that_says_how_to_set_it_up_and_what_maps_to_what(kind: str) -> None:
    headings = (PAGES / f"{ELSEWHERE.get(kind, kind)}.md").read_text().splitlines()
    assert "## Set it up" in headings
    assert "## What maps to what" in headings or "## Mapping" in headings
