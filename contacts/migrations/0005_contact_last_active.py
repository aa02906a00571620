from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0004_phone_digits"),
    ]

    operations = [
        migrations.AddField(
            model_name="contact",
            name="last_active_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last active"),
        ),
    ]
