"""Fewer indexes and checks on what is written for every event: each costs microseconds, thousands of times a second.

The rows of a batch refer to each other by ids that the same transaction gave them; the database need not ask again.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

_KEEP = (
    "INSERT INTO alerts_outcome (event_id, position, dedup_key, action, reason, alert_id) "
    "SELECT event_id, position, dedup_key, action, reason, alert_id FROM alerts_oldoutcome"
)


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0001_initial'),
        ('services', '0002_noise'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='alertgroup',
            name='group_state',
        ),
        # a primary key of two columns can only be made with its table
        migrations.RenameModel('Outcome', 'OldOutcome'),
        migrations.CreateModel(
            name='Outcome',
            fields=[
                ('pk', models.CompositePrimaryKey('event_id', 'position', blank=True, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveIntegerField()),
                ('dedup_key', models.CharField(max_length=255)),
                ('action', models.CharField(max_length=12)),
                ('reason', models.CharField(max_length=40)),
                ('event', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='outcomes', to='alerts.event')),
                ('alert', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='outcomes', to='alerts.alert')),
            ],
            options={
                'ordering': ['event_id', 'position'],
                'indexes': [models.Index(fields=['alert', '-event_id'], name='outcome_of_alert')],
            },
        ),
        migrations.RunSQL(_KEEP, migrations.RunSQL.noop),
        migrations.DeleteModel('OldOutcome'),
        migrations.AlterField(
            model_name='alert',
            name='group',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='alerts.alertgroup'),
        ),
        migrations.AlterField(
            model_name='alert',
            name='integration',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='alerts', to='services.integration'),
        ),
        migrations.AlterField(
            model_name='alertgroup',
            name='acknowledged_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='alertgroup',
            name='resolved_by',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='alertgroup',
            name='service',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='groups', to='services.service'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='group',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='alerts.alertgroup'),
        ),
        migrations.AlterField(
            model_name='entry',
            name='user',
            field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='alertgroup',
            index=models.Index(fields=['state', '-id'], name='group_state'),
        ),
        migrations.AddIndex(
            model_name='alertgroup',
            index=models.Index(condition=models.Q(('acknowledged_by__isnull', False)), fields=['acknowledged_by'], name='group_answerer'),
        ),
        migrations.AddIndex(
            model_name='alertgroup',
            index=models.Index(condition=models.Q(('resolved_by__isnull', False)), fields=['resolved_by'], name='group_resolver'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('user__isnull', False)), fields=['user'], name='entry_user'),
        ),
    ]
