"""Signing in: password, second step, and what a wrong one says."""

import base64
import hmac
import struct
from time import time

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import PASSWORD, Site
from tests.browser.helpers import assert_accessible, assert_fits, sign_in

EMAIL = "linus@example.com"  # not Ada: her session is every other test's
_STEP = 30  # seconds that a code holds, of RFC 6238


def test_a_second_step_is_set_up_and_asked_for(stranger: BrowserContext, site: Site) -> None:
    page = stranger.new_page()
    sign_in(page, site.url, EMAIL, "not the password")
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    assert_accessible(page)
    sign_in(page, site.url, EMAIL, PASSWORD)
    page.wait_for_url(f"{site.url}/")
    secret = _set_up_app(page)
    page.goto("/")
    page.get_by_role("button", name="profile and sign-out").click()
    page.get_by_role("button", name="Sign out").click()
    _sign_in_with_code(page, site.url, secret)


def test_the_sign_in_page_fits_a_phone_and_leads_back_to_where_one_was_going(
    stranger: BrowserContext, site: Site
) -> None:
    page = stranger.new_page()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/services/")
    assert_fits(page)
    page.get_by_label("E-mail").fill("grace@example.com")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{site.url}/services/")


def test_a_passkey_is_added_and_signs_in_alone(stranger: BrowserContext, site: Site) -> None:
    url = site.url.replace("127.0.0.1", "localhost")  # passkeys belong to a name, never to an address
    page = stranger.new_page()
    _plug_in_authenticator(page)
    sign_in(page, url, "olga@example.com", PASSWORD)
    page.wait_for_url(f"{url}/")
    page.goto(f"{url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of this passkey").fill("Olga's laptop")
    assert_accessible(page)
    page.get_by_role("button", name="Add the passkey").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto(f"{url}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Passkey: signs in alone")).to_be_visible()
    assert_accessible(page)
    page.context.clear_cookies()
    page.goto(f"{url}/profile/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Your profile")).to_be_visible()


def _plug_in_authenticator(page: Page) -> None:
    """One that is built in, and whose owner always puts the finger on it."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "automaticPresenceSimulation": True}
    abilities = {"hasResidentKey": True, "hasUserVerification": True, "isUserVerified": True}
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options | abilities})


def _set_up_app(page: Page) -> str:
    page.goto("/accounts/2fa/")
    assert_accessible(page)
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    secret = page.locator("#authenticator_secret").inner_text()
    assert_accessible(page)
    page.get_by_label("Code from the app").fill(_code(secret))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert_accessible(page)
    return secret


def _sign_in_with_code(page: Page, url: str, secret: str) -> None:
    sign_in(page, url, EMAIL, PASSWORD)
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("Code").fill("000000")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    # a code is taken once: this is the next one, which is taken early because clocks differ
    page.get_by_label("Code").fill(_code(secret, ahead=1))
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{url}/")


def _code(secret: str, ahead: int = 0) -> str:
    """What an authenticator app would show. RFC 6238."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time() // _STEP) + ahead), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
