"""What can move a contact or put a label on it."""

from django.db.models import TextChoices


class Cause(TextChoices):
    """What made it move. Stored in history, so a value is never renamed."""

    MANUAL = "manual", "by hand"
    BULK = "bulk", "bulk change"
    LABEL_RULE = "label_rule", "label rule"
    DEFAULT = "default", "default status"
    CAMPAIGN = "campaign", "campaign"
    WEB_FORM = "web_form", "web form"
    API = "api", "API"
    IMPORT = "import", "import"
    ACCOUNT_INACTIVE = "account_inactive", "account inactive"
    STAGE_RETIRED = "stage_retired", "stage retired"
    STAGE_MERGED = "stage_merged", "stages merged"
    REVIEW = "review", "review"
    UNDO = "undo", "undo"
    ERASED = "erased", "erased"
    DATA_FIX = "data_fix", "corrected by an administrator"
