"""Dates of contacts are read along an index: segments ask for those of the whole book."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("contacts", "0005_contact_last_active"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                fields=["id"],
                include=("subscribed_at", "last_open_at", "last_click_at", "last_reply_at", "created_at"),
                name="contact_dates",
            ),
        ),
    ]
