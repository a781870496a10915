"""`python -m tests.crash.rules`: a silence of region "eu"; critical alerts inhibit the errors of their cluster.

Runs beside a server, in its environment.
"""

from tocsin.config import django_setup

django_setup.setup()

from datetime import timedelta  # noqa: E402 - Django has to be set up first

from tests.world import SETUP  # noqa: E402
from tocsin import clock  # noqa: E402
from tocsin.rules import inhibitions, silences  # noqa: E402


def main() -> None:
    now = clock.now()
    silences.create_silence(SETUP, 'region="eu"', now, now + timedelta(hours=1), "Moving the database.", now)
    rule = {"name": "outage", "source": 'severity="critical"', "target": 'severity="error"', "equal": ["cluster"]}
    inhibitions.save_inhibition(SETUP, None, now, **rule)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
