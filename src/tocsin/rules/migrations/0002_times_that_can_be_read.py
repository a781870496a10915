"""Silences and windows begin and end at times that every node can read again.

PostgreSQL keeps times beyond the year 9999 that a program cannot read, and rules are read before every alert. One that
is there is brought back to the last day that is taken: it ends as late as it did for everybody who looks.
"""

from datetime import UTC, datetime

from django.db import migrations, models

FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2999, 12, 31, tzinfo=UTC)


def _sane(*names):
    found = models.Q()
    for name in names:
        found &= models.Q((f"{name}__gte", FIRST), (f"{name}__lte", LAST))
    return found


def _mend(apps, schema_editor):
    for model in ("Silence", "Maintenance"):
        rows = apps.get_model("rules", model).objects
        rows.filter(ends_at__gt=LAST).update(ends_at=LAST)
        rows.filter(starts_at__gt=LAST).update(starts_at=LAST)
        rows.filter(starts_at__lt=FIRST).update(starts_at=FIRST)
        rows.filter(ends_at__lt=FIRST).update(starts_at=FIRST, ends_at=FIRST)


class Migration(migrations.Migration):
    dependencies = [("rules", "0001_initial")]

    operations = [
        migrations.RunPython(_mend, migrations.RunPython.noop),
        migrations.AddConstraint(
            "maintenance", models.CheckConstraint(condition=_sane("starts_at"), name="maintenance_start_can_be_read")
        ),
        migrations.AddConstraint(
            "maintenance", models.CheckConstraint(condition=_sane("ends_at"), name="maintenance_end_can_be_read")
        ),
        migrations.AddConstraint(
            "silence", models.CheckConstraint(condition=_sane("starts_at", "ends_at"), name="silence_can_be_read")
        ),
    ]
