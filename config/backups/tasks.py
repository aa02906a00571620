"""The book is backed up every night."""

import zoneinfo

from django.utils import timezone
from procrastinate.contrib.django import app

from config.backups.nightly import back_up_now, is_due
from config.database import address_of_database
from config.team.queries import organisation


@app.periodic(cron="11 * * * *")
@app.task(queueing_lock="back_up", lock="back_up", priority=-1)
def back_up(timestamp: int) -> None:
    """Every hour: make the backup of last night, if there is none yet."""
    if is_due(timezone.localtime(timezone=zoneinfo.ZoneInfo(organisation().time_zone))):
        back_up_now(address_of_database())
