"""What can be asked of a name server, and which: without the library that asks, 3 MB of a process."""

import ipaddress

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "TXT", "SOA", "SRV", "CAA", "PTR")
_PORT = 53


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
