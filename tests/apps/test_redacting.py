"""What providers answer, without the addresses that they quote."""

import pytest
from pytest_django import Settings

from tocsin.outbox.redacting import without_address

HOOK = "https://hooks.example.net/services/T01/s3cr3t?room=ada%20l"


@pytest.mark.parametrize(
    ("said", "target", "kept"),
    [
        # as nearly all servers quote it
        ("550 5.1.1 <ada@home.example>: unknown", "ada@home.example", "550 5.1.1 <the address>: unknown"),
        # in other letters
        ("550 ADA@Home.Example rejected", "ada@home.example", "550 the address rejected"),
        # at the end of a sentence
        ("No mailbox for ada@home.example.", "ada@home.example", "No mailbox for the address."),
        # as a parameter, and as a part of another address
        ("see https://x.example/?to=ada%40home.example", "ada@home.example", "see https://x.example/?to=the address"),
        # what an alias leads to, which Tocsin has never seen
        ("550 <lovelace@secret.example> is full", "ada@home.example", "550 <the address> is full"),
        # only what stands before the @
        ("550 user lovelace.1815 is unknown", "lovelace.1815@home.example", "550 user the address is unknown"),
        # not inside of other words
        ("550 advertisements are refused", "verti@home.example", "550 advertisements are refused"),
        # nobody is told the short name of a person that everybody knows; the words stay whole
        ("550 invalid", "id@home.example", "550 invalid"),
        # the operator's own
        ("553 <tocsin@example.org> may not send", "ada@home.example", "553 <tocsin@example.org> may not send"),
        # a host
        ("hooks.example.net did not answer: refused.", HOOK, "The address did not answer: refused."),
        # a path, as frameworks quote it
        ("404: Cannot POST /services/T01/s3cr3t?room=ada%20l", HOOK, "404: Cannot POST the address"),
        # a topic
        ("403: topic my-topic is reserved", "https://ntfy.sh/my-topic", "403: topic the address is reserved"),
        # the whole
        (f"{HOOK} has moved", HOOK, "The address has moved"),
        # a root tells nothing
        ("404: Cannot POST /", "https://hooks.example.net/", "404: Cannot POST /"),
        # none in it
        ("connection refused", "ada@home.example", "connection refused"),
    ],
)
def test_without_the_address(said: str, target: str, kept: str, settings: Settings) -> None:
    settings.DEFAULT_FROM_EMAIL = "Tocsin <tocsin@example.org>"
    assert without_address(said, target) == kept


def test_without_the_secret() -> None:
    assert without_address("401: tk_abc is over", "https://ntfy.sh/topic", "tk_abc") == "401: the secret is over"
