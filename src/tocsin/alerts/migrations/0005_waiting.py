"""Events are never changed: what waits for being absorbed, and what could not be, is in tables of its own.

The database fills them. The events that are there go where their state says, and come back from there.
"""

import datetime

import django.db.models.deletion
from django.db import migrations, models

_LONG_AGO = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)

# by Django's own statement the key would be a bigint, which SQLite keeps in an index beside the table
_WAITING_SQLITE = (
    "DROP TABLE alerts_waiting",
    "CREATE TABLE alerts_waiting (event_id integer NOT NULL PRIMARY KEY, integration_id bigint NOT NULL, "
    "received_at datetime NOT NULL)",
)
_TRIGGERS_SQLITE = (
    "CREATE TRIGGER event_waits AFTER INSERT ON alerts_event BEGIN "
    "INSERT INTO alerts_waiting (event_id, integration_id, received_at) "
    "VALUES (NEW.id, NEW.integration_id, NEW.received_at); END",
    "CREATE TRIGGER event_is_known AFTER INSERT ON alerts_event WHEN substr(NEW.receipt, 13, 1) = '8' BEGIN "
    "INSERT INTO alerts_knownreceipt (receipt, at) VALUES (NEW.receipt, NEW.received_at); END",
)
_NO_TRIGGERS_SQLITE = ("DROP TRIGGER event_is_known", "DROP TRIGGER event_waits")

# once a statement, so that COPY stays one statement for many events
_TRIGGERS_POSTGRESQL = (
    "CREATE FUNCTION alerts_event_arrives() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO alerts_waiting (event_id, integration_id, received_at) "
    "SELECT id, integration_id, received_at FROM arrived; "
    "INSERT INTO alerts_knownreceipt (receipt, at) SELECT receipt, received_at FROM arrived "
    "WHERE get_byte(uuid_send(receipt), 6) >> 4 = 8; "
    "RETURN NULL; END $$",
    "CREATE TRIGGER event_arrives AFTER INSERT ON alerts_event REFERENCING NEW TABLE AS arrived "
    "FOR EACH STATEMENT EXECUTE FUNCTION alerts_event_arrives()",
    # a queue is filled and emptied all the time: it is to be cleaned by what is in it, not by a share of it
    "ALTER TABLE alerts_waiting SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000)",
)
_NO_TRIGGERS_POSTGRESQL = ("DROP TRIGGER event_arrives ON alerts_event", "DROP FUNCTION alerts_event_arrives")

_QUEUE = (
    "INSERT INTO alerts_waiting (event_id, integration_id, received_at) "
    "SELECT id, integration_id, received_at FROM alerts_event WHERE state = 'new'",
    "INSERT INTO alerts_quarantine (event_id, received_at, error, at) "
    "SELECT id, received_at, error, received_at FROM alerts_event WHERE state = 'quarantined'",
    "UPDATE alerts_outcome SET at = COALESCE((SELECT COALESCE(absorbed_at, received_at) FROM alerts_event "
    "WHERE alerts_event.id = event_id), at)",
)
_UNQUEUE = (
    "UPDATE alerts_event SET state = 'absorbed', absorbed_at = COALESCE((SELECT MIN(at) FROM alerts_outcome "
    "WHERE event_id = alerts_event.id), received_at) WHERE id NOT IN (SELECT event_id FROM alerts_waiting)",
    "UPDATE alerts_event SET state = 'quarantined', absorbed_at = NULL, error = (SELECT error FROM alerts_quarantine "
    "WHERE event_id = alerts_event.id) WHERE id IN (SELECT event_id FROM alerts_quarantine)",
)
_KNOWN_SQLITE = (
    "INSERT INTO alerts_knownreceipt (receipt, at) SELECT receipt, received_at FROM alerts_event "
    "WHERE substr(receipt, 13, 1) = '8'",
)
_KNOWN_POSTGRESQL = (
    "INSERT INTO alerts_knownreceipt (receipt, at) SELECT receipt, received_at FROM alerts_event "
    "WHERE get_byte(uuid_send(receipt), 6) >> 4 = 8",
)


def _run(sqlite, postgresql):
    def run(apps, schema_editor):
        for statement in postgresql if schema_editor.connection.vendor == "postgresql" else sqlite:
            schema_editor.execute(statement)

    return run


def _event_field(name):
    return models.OneToOneField(
        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name=name,
        serialize=False, to="alerts.event",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0004_uid'),
    ]

    operations = [
        migrations.CreateModel(
            name='Waiting',
            fields=[
                ('event', _event_field('waiting')),
                ('integration', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='services.integration')),
                ('received_at', models.DateTimeField()),
            ],
        ),
        migrations.RunPython(_run(_WAITING_SQLITE, ()), migrations.RunPython.noop),
        migrations.CreateModel(
            name='Quarantine',
            fields=[
                ('event', _event_field('quarantine')),
                ('received_at', models.DateTimeField()),
                ('error', models.TextField()),
                ('at', models.DateTimeField()),
            ],
            options={'verbose_name_plural': 'quarantine'},
        ),
        migrations.CreateModel(
            name='KnownReceipt',
            fields=[
                ('receipt', models.UUIDField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
            options={'indexes': [models.Index(fields=['at'], name='known_receipt_at')]},
        ),
        migrations.AddField(
            model_name='outcome',
            name='at',
            field=models.DateTimeField(default=_LONG_AGO),
            preserve_default=False,
        ),
        migrations.RunPython(_run(_QUEUE, _QUEUE), _run(_UNQUEUE, _UNQUEUE)),
        migrations.RunPython(_run(_KNOWN_SQLITE, _KNOWN_POSTGRESQL), migrations.RunPython.noop),
        migrations.RemoveIndex(model_name='event', name='event_new'),
        migrations.RemoveIndex(model_name='event', name='event_quarantined'),
        migrations.RemoveField(model_name='event', name='state'),
        migrations.RemoveField(model_name='event', name='error'),
        migrations.RemoveField(model_name='event', name='absorbed_at'),
        migrations.AlterField(model_name='event', name='receipt', field=models.UUIDField()),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['receipt'], name='event_receipt'),
        ),
        # last: SQLite writes a table anew to change it, and its triggers would be gone
        migrations.RunPython(
            _run(_TRIGGERS_SQLITE, _TRIGGERS_POSTGRESQL), _run(_NO_TRIGGERS_SQLITE, _NO_TRIGGERS_POSTGRESQL)
        ),
    ]
