"""TLS: a certificate is good, and does not end soon."""

import ssl
from datetime import datetime, timedelta

from cryptography import x509

from tocsin.checks.configs import TlsConfig
from tocsin.checks.kinds import connecting
from tocsin.checks.stopwatch import Stopwatch, Unwell


def run(config: TlsConfig, headers: str, watch: Stopwatch, now: datetime) -> None:  # noqa: ARG001 - contract
    ends = _ends_at(config, watch)
    left = (ends - now) // timedelta(days=1)
    watch.facts |= {"ends": ends.isoformat(), "days left": left}
    if ends <= now:
        raise Unwell(f"its certificate ended on {ends:%d %b %Y}")
    if left < config.days:
        raise Unwell(f"its certificate ends on {ends:%d %b %Y}, in {left} days; {config.days} are wanted")


def _ends_at(config: TlsConfig, watch: Stopwatch) -> datetime:
    context = connecting.trust(verify=config.verify)
    with connecting.connected(config.host, config.port, watch) as connection:
        try:
            connection.settimeout(watch.left())
            with (
                watch.phase("TLS"),
                context.wrap_socket(connection, server_hostname=config.host) as secured,
            ):
                presented = secured.getpeercert(binary_form=True)
        except TimeoutError as error:
            raise Unwell(watch.too_slow) from error
        except ssl.SSLCertVerificationError as error:
            raise Unwell(f"its certificate is not good: {error.verify_message}") from error
        except OSError as error:
            raise Unwell(f"it does not speak TLS: {connecting.words(error)}") from error
    if presented is None:
        raise Unwell("it presented no certificate")
    return x509.load_der_x509_certificate(presented).not_valid_after_utc
