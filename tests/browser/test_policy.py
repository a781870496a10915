"""The policy editor: conditions, how many answer, repeats and waiting, typed once and found again; and the trial."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.helpers import assert_accessible, assert_fits

NEW = "/policies/new/"


@pytest.fixture
def nights(page: Page) -> Iterator[Page]:
    """A policy with everything in it, saved."""
    page.goto(NEW)
    page.get_by_label("Name", exact=False).first.fill("Nights")
    steps = page.locator("#rows > section")
    first, second = steps.nth(0), steps.nth(1)
    first.get_by_label("Step 1, who is paged, 1").select_option("Platform, in turn")
    first.get_by_text("Only sometimes, or acknowledged by several").click()
    first.get_by_label("Only for").select_option("High urgency")
    first.get_by_label("At least").select_option("Error")
    first.get_by_label("Only at these hours").fill("Mon–Fri 22:00–06:00")
    first.get_by_label("In the time zone").fill("Europe/Vienna")
    second.get_by_label("Step 2, who is paged, 1").select_option("Platform")
    second.get_by_text("Only sometimes, or acknowledged by several").click()
    second.get_by_label("People who have to acknowledge").fill("2")
    page.get_by_label("Then begin again, times").fill("1")
    page.get_by_label("Begin again with step").fill("2")
    page.get_by_label("Low urgency: wait for somebody to be on call, hours").fill("8")
    assert_accessible(page)
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_role("status").first).to_contain_text("Nights is saved.")
    yield page
    page.goto("/policies/nights/edit/")
    page.get_by_role("button", name="Delete the policy").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the policy").click()
    expect(page.get_by_role("status").first).to_contain_text("Nights is deleted.")


def test_what_a_policy_says_is_read_back_in_words_and_in_the_form(nights: Page) -> None:
    steps = nights.get_by_role("region", name="Who is paged when nobody answers")
    expect(steps).to_contain_text("Only: high urgency, at least error; Mon Tue Wed Thu Fri 22:00–06:00 Europe/Vienna.")
    expect(steps).to_contain_text("2 people have to acknowledge.")
    expect(steps).to_contain_text("Then the steps begin again, from step 2, 1 time.")
    expect(nights.get_by_text("waits up to 8 h for somebody to be on call")).to_be_visible()
    assert_accessible(nights)
    nights.get_by_role("link", name="Edit").click()
    expect(nights.get_by_label("Only at these hours").first).to_have_value("Mon–Fri 22:00–06:00")
    expect(nights.get_by_label("People who have to acknowledge").nth(1)).to_have_value("2")
    expect(nights.get_by_label("Begin again with step")).to_have_value("2")
    assert_fits(nights)


def test_the_trial_says_whose_turn_it_is_and_why_a_step_is_passed_over(nights: Page) -> None:
    trial = nights.get_by_role("region", name="Who would be paged")
    nights.get_by_label("An alert came").fill("2026-03-04T23:30")
    nights.get_by_role("button", name="Try").click()
    then = trial.locator("table").nth(1)
    expect(then).to_contain_text("one at a time, in the team Platform; it is the turn of")
    expect(then).to_contain_text("at once")
    nights.get_by_label("An alert came").fill("2026-03-04T12:00")
    nights.get_by_role("button", name="Try").click()
    expect(trial.locator("table").nth(1)).to_contain_text("passed over: it is for Mon Tue Wed Thu Fri 22:00–06:00")
    assert_accessible(nights)


def test_hours_that_cannot_be_read_are_said_beside_the_field_and_kept(page: Page) -> None:
    page.goto(NEW)
    page.get_by_label("Name", exact=False).first.fill("Never saved")
    page.get_by_text("Only sometimes, or acknowledged by several").first.click()
    page.get_by_label("Only at these hours").first.fill("whenever")
    page.get_by_role("button", name="Save the policy").click()
    expect(page.get_by_label("Only at these hours").first).to_have_value("whenever")
    expect(page.get_by_label("Only at these hours").first).to_have_attribute("aria-invalid", "true")
    assert_accessible(page)
