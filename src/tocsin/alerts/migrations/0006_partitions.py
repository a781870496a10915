"""On PostgreSQL events and what became of them are kept by weeks, so that old ones can be dropped by the week.

What is there is copied into its weeks; it takes about a minute for each ten million events, and twice their space until
it is done. SQLite has no partitions: nothing is done there.
"""

from django.db import migrations

# A primary key has to hold what a table is partitioned by. Weeks begin on Monday, 00:00 UTC, and are named for it; what
# belongs to none of them goes into the default one, so that an insert never fails for want of a week.
_WEEKS = """
DO $$
DECLARE week timestamptz;
BEGIN
  FOR week IN SELECT generate_series(
    date_trunc('week', GREATEST(now() - interval '400 days', LEAST(now(), (SELECT min({column}) FROM {table}_whole))), 'UTC'),
    now() + interval '3 weeks', interval '7 days')
  LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF {table} FOR VALUES FROM (%L) TO (%L)',
      '{table}_' || to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD'), week, week + interval '7 days');
  END LOOP;
END $$
"""
_TRIGGER = (
    "CREATE TRIGGER event_arrives AFTER INSERT ON alerts_event REFERENCING NEW TABLE AS arrived "
    "FOR EACH STATEMENT EXECUTE FUNCTION alerts_event_arrives()"
)
_INTEGRATION = (
    "ALTER TABLE alerts_event ADD CONSTRAINT alerts_event_integration_fk FOREIGN KEY (integration_id) "
    "REFERENCES services_integration (id) DEFERRABLE INITIALLY DEFERRED"
)
_INDEXES = {
    "alerts_event": (
        "CREATE INDEX event_receipt ON alerts_event (receipt)",
        "CREATE INDEX event_recent ON alerts_event (integration_id, id DESC)",
        _INTEGRATION,
        _TRIGGER,
    ),
    "alerts_outcome": ("CREATE INDEX outcome_of_alert ON alerts_outcome (alert_id, event_id DESC)",),
}


def _rebuilt(table, like, fill, keys):
    """A table of the same columns in the place of another, with what was in that one."""
    return (
        f"ALTER TABLE {table} RENAME TO {table}_whole",
        f"CREATE TABLE {table} (LIKE {table}_whole INCLUDING STORAGE) {like}",
        *fill,
        f"INSERT INTO {table} SELECT * FROM {table}_whole",
        *(("CREATE SEQUENCE alerts_event_number", _CONTINUE) if table == "alerts_event" else ()),
        f"DROP TABLE {table}_whole",
        f"ALTER TABLE {table} ADD PRIMARY KEY ({keys})",
        *_INDEXES[table],
        *(_NUMBERED if table == "alerts_event" else ()),
    )


_CONTINUE = (
    "SELECT setval('alerts_event_number', nextval(pg_get_serial_sequence('alerts_event_whole', 'id')), false)"
)
_NUMBERED = (
    "ALTER SEQUENCE alerts_event_number RENAME TO alerts_event_id_seq",
    "ALTER TABLE alerts_event ALTER id SET DEFAULT nextval('alerts_event_id_seq')",
    "ALTER SEQUENCE alerts_event_id_seq OWNED BY alerts_event.id",
)


def _weeks(table, column):
    return (
        f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT",
        _WEEKS.format(table=table, column=column),
    )


_FORWARD = (
    *_rebuilt("alerts_event", "PARTITION BY RANGE (received_at)", _weeks("alerts_event", "received_at"), "id, received_at"),
    *_rebuilt("alerts_outcome", "PARTITION BY RANGE (at)", _weeks("alerts_outcome", "at"), "event_id, position, at"),
)
_BACKWARD = (
    *_rebuilt("alerts_event", "", (), "id"),
    *_rebuilt("alerts_outcome", "", (), "event_id, position"),
)


def _run(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
                schema_editor.execute(statement, params=None)

    return run


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0005_waiting'),
    ]

    operations = [
        migrations.RunPython(_run(_FORWARD), _run(_BACKWARD)),
    ]
