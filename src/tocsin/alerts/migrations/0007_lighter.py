"""Less to write for each event.

What an alert said last is told from what it says now by a digest: what says the same again is only counted. An alert
that is there gets its digest when it is heard of again. On SQLite outcomes are kept in the tree of their key, and not
in a second one beside it; on PostgreSQL there is room beside each alert, so that counting it touches no index.
"""

from django.db import migrations, models

_COLUMNS = "event_id, position, dedup_key, action, reason, why, alert_id, at"
_OUTCOME = (
    "CREATE TABLE alerts_newoutcome (event_id bigint NOT NULL, position integer unsigned NOT NULL "
    "CHECK (position >= 0), dedup_key varchar(255) NOT NULL, action varchar(12) NOT NULL, reason varchar(40) NOT NULL, "
    "why text NOT NULL, alert_id bigint NULL, at datetime NOT NULL, PRIMARY KEY (event_id, position))"
)
_REPLACE = (
    f"INSERT INTO alerts_newoutcome ({_COLUMNS}) SELECT {_COLUMNS} FROM alerts_outcome ORDER BY event_id, position",
    "DROP TABLE alerts_outcome",
    "ALTER TABLE alerts_newoutcome RENAME TO alerts_outcome",
    "CREATE INDEX outcome_of_alert ON alerts_outcome (alert_id, event_id DESC)",
)
_FORWARD_SQLITE = (f"{_OUTCOME} WITHOUT ROWID", *_REPLACE)
_BACKWARD_SQLITE = (_OUTCOME, *_REPLACE)
_FORWARD_POSTGRESQL = (
    "ALTER TABLE alerts_alert SET (fillfactor = 80)",
    "ALTER TABLE alerts_alertgroup SET (fillfactor = 80)",
)
_BACKWARD_POSTGRESQL = (
    "ALTER TABLE alerts_alert RESET (fillfactor)",
    "ALTER TABLE alerts_alertgroup RESET (fillfactor)",
)


def _run(sqlite, postgresql):
    def run(apps, schema_editor):
        for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
            schema_editor.execute(statement)

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0006_partitions'),
    ]

    operations = [
        migrations.AddField(
            model_name='alert',
            name='digest',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.RunPython(
            _run(_FORWARD_SQLITE, _FORWARD_POSTGRESQL), _run(_BACKWARD_SQLITE, _BACKWARD_POSTGRESQL)
        ),
    ]
