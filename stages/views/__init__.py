"""Stages: the list by weight, a stage, and its form."""

from stages.views.editing import edit_stage, new_stage
from stages.views.listing import move_stage, stages
from stages.views.page import stage

__all__ = ["edit_stage", "move_stage", "new_stage", "stage", "stages"]
