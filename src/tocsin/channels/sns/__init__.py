"""Says yes to a topic of SNS that asked whether its messages are wanted: by opening the address that it gave.

Only addresses of SNS's own are opened, whatever stands in the outbox.
"""

from datetime import timedelta

from tocsin import clock
from tocsin.channels import http
from tocsin.channels.contract import BadAddress, Channel, Failed, Letter, Result, Retry
from tocsin.sources.sns import signing

_ELSEWHERE = "This is not an address of SNS. It was not opened."


def check(address: str) -> str:
    if not signing.is_of_aws(address):
        raise BadAddress(_ELSEWHERE)
    return address


def send(letter: Letter) -> Result:
    if not signing.is_of_aws(letter.target):
        return Failed(error=_ELSEWHERE)
    try:
        answer = http.request("GET", letter.target)
    except http.Refused as error:
        return Failed(error=str(error))
    except http.Unreachable as error:
        return Retry(error=str(error))
    return http.verdict(answer, clock.now())


CHANNEL = Channel(
    kind="sns",
    label="SNS",
    address_label="",
    placeholder="",
    needs_address=False,  # nobody is reached by it
    has_secret=False,
    check=check,
    send=send,
    give_up_after=timedelta(days=2),  # SNS forgets then that it asked
    at_once=1,
    for_people=False,
)
