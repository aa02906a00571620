"""Campaigns: the list, one with its plan, its steps, and the contacts in it."""

from journeys.campaigns.views.contacts import (
    add_to_campaign,
    campaign_contacts,
    campaign_log,
    remove_from_campaign,
    step_contacts,
)
from journeys.campaigns.views.editing import (
    activate_campaign,
    clone_campaign,
    delete_campaign,
    edit_campaign,
    end_campaign,
    new_campaign,
    pause_campaign,
)
from journeys.campaigns.views.listing import campaign, campaigns
from journeys.campaigns.views.steps import edit_step, move_step, new_step, remove_step

__all__ = [
    "activate_campaign",
    "add_to_campaign",
    "campaign",
    "campaign_contacts",
    "campaign_log",
    "campaigns",
    "clone_campaign",
    "delete_campaign",
    "edit_campaign",
    "edit_step",
    "end_campaign",
    "move_step",
    "new_campaign",
    "new_step",
    "pause_campaign",
    "remove_from_campaign",
    "remove_step",
    "step_contacts",
]
