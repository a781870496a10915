"""DNS: a name resolves to what it should."""

import ipaddress
from datetime import datetime

import dns.exception
import dns.resolver
from django.conf import settings

from tocsin.channels import http
from tocsin.checks.configs import DnsConfig
from tocsin.checks.kinds.records import place, plain
from tocsin.checks.stopwatch import Blocked, Stopwatch, Unwell


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


def _resolver(given: str) -> dns.resolver.Resolver:
    if not given:
        return dns.resolver.get_default_resolver()
    address, port = place(given)
    if not http.allowed(ipaddress.ip_address(address), private=settings.ALLOW_PRIVATE):
        raise Blocked(http.not_allowed(address).rstrip("."))
    made = dns.resolver.Resolver(configure=False)
    made.nameservers, made.port = [address], port
    return made
