"""How far those who follow the status history have read it."""

from django.db import models


class Bookmark(models.Model):
    """How far one reader has followed the status history, and the next mark that waits for open transactions to end."""

    reader = models.CharField(max_length=30, primary_key=True)
    position = models.BigIntegerField(default=0, help_text="The last status change that was read.")
    next_mark = models.BigIntegerField(null=True)
    next_horizon = models.BigIntegerField(null=True, help_text="Final once no transaction below this is running.")

    def __str__(self) -> str:
        return self.reader
