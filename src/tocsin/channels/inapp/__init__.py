"""In the app: an open Tocsin tab rings. There is no provider; the tab is told over its live stream."""

from datetime import timedelta

from tocsin.channels.contract import Channel, Letter, Result, Retry, Sent

AGAIN = timedelta(seconds=30)  # a tab that opens meanwhile is rung at once: see paging.ringing


def check(address: str) -> str:  # noqa: ARG001 - there is none
    return ""


def send(letter: Letter) -> Result:
    if letter.watching:
        return Sent()
    return Retry(error="No Tocsin tab of this person is open.", after=AGAIN)


CHANNEL = Channel(
    kind="inapp",
    label="Open tab",
    address_label="",
    placeholder="",
    needs_address=False,
    has_secret=False,
    check=check,
    send=send,
    give_up_after=timedelta(minutes=4),
)
