"""DNS: a name resolves to what it should."""

import ipaddress
from datetime import datetime

import dns.exception
import dns.resolver
from django.conf import settings

from tocsin.channels import http
from tocsin.checks.configs import DnsConfig
from tocsin.checks.stopwatch import Blocked, Stopwatch, Unwell

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "SRV", "CAA", "PTR")
_PORT = 53


def run(config: DnsConfig, headers: str, watch: Stopwatch, now: datetime) -> None:  # noqa: ARG001 - contract
    try:
        with watch.phase("answer"):
            answer = _resolver(config.resolver).resolve(
                config.host, config.type, lifetime=watch.left(), search=False, raise_on_no_answer=True
            )
    except dns.resolver.NXDOMAIN as error:
        raise Unwell("the name does not exist") from error
    except dns.resolver.NoAnswer as error:
        raise Unwell(f"the name has no {config.type} record") from error
    except dns.resolver.LifetimeTimeout as error:
        raise Unwell(watch.too_slow) from error
    except dns.exception.DNSException as error:
        raise Unwell(f"the resolver did not say: {str(error) or type(error).__name__}") from error
    found = sorted(plain(record.to_text()) for record in answer)
    watch.facts["records"] = found
    missing = [value for value in config.expected if plain(value) not in found]
    if missing:
        raise Unwell(f"it has {', '.join(found)}; {', '.join(missing)} was expected")


def plain(record: str) -> str:
    """Without what is only a manner of writing: a dot at the end, quotes around a text, capitals of a name."""
    return record[1:-1] if record.startswith('"') and record.endswith('"') else record.rstrip(".").lower()


def place(resolver: str) -> tuple[str, int]:
    """“192.0.2.1”, “192.0.2.1:5353”, “[2001:db8::1]:53” → address and port; `ValueError` for what is none of them."""
    address, port = resolver, str(_PORT)
    if resolver.startswith("["):
        address, _, rest = resolver[1:].partition("]")
        port = rest.removeprefix(":") or port
    elif resolver.count(":") == 1:
        address, _, port = resolver.partition(":")
    return str(ipaddress.ip_address(address)), int(port)


def _resolver(given: str) -> dns.resolver.Resolver:
    if not given:
        return dns.resolver.get_default_resolver()
    address, port = place(given)
    if not http.allowed(ipaddress.ip_address(address), private=settings.ALLOW_PRIVATE):
        raise Blocked(http.not_allowed(address).rstrip("."))
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = [address], port
    return made
