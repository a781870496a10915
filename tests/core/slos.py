"""SLOs to test with."""

from datetime import timedelta
from decimal import Decimal

from tocsin.core.slo import Indicator, Kind, Slo

SHOP = 'http_requests_total{job="shop"'
ERRORS = Indicator(
    kind=Kind.ERRORS, part=f'sum(rate({SHOP},code=~"5.."}}[$window]))', total=f"sum(rate({SHOP}}}[{{{{window}}}}]))"
)
GOOD = Indicator(kind=Kind.GOOD, part=f'rate({SHOP},code!~"5..|429"}}[$window])', total=f"sum(rate({SHOP}}}[$window]))")
LATENCY = Indicator(
    kind=Kind.LATENCY, histogram="http_request_duration_seconds", selector='job="shop"', threshold="0.3"
)
INDICATORS = {"errors": ERRORS, "good": GOOD, "latency": LATENCY}


def slo(objective: str = "99.9", days: int = 30, indicator: Indicator = ERRORS, **fields: object) -> Slo:
    given: dict[str, object] = {"name": "Availability", "slug": "shop-availability", "service": "shop"}
    given |= {"service_name": "Shop", "objective": Decimal(objective), "window": timedelta(days=days)}
    return Slo(**(given | {"indicator": indicator} | fields))  # type: ignore[arg-type]
