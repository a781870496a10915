"""What an alert said last is told from what it says now by a digest: what says the same again is only counted.

An alert that is there gets its digest when it is heard of again.
"""

from django.db import migrations, models

# most changes of these rows touch no index: with room on its page a row stays there, and no index is written
_ROOM = (
    "ALTER TABLE alerts_alert SET (fillfactor = 80)",
    "ALTER TABLE alerts_alertgroup SET (fillfactor = 80)",
)
_NO_ROOM = (
    "ALTER TABLE alerts_alert RESET (fillfactor)",
    "ALTER TABLE alerts_alertgroup RESET (fillfactor)",
)


def _run(statements):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            for statement in statements:
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
        migrations.RunPython(_run(_ROOM), _run(_NO_ROOM)),
    ]
