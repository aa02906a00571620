"""Manage Funnel, and the settings of moves: lost reasons."""

from journeys.rules.views.lost_reasons import (
    lost_reason_required,
    lost_reasons,
    move_lost_reason,
    rename_lost_reason,
    retire_lost_reason,
    use_lost_reason_again,
)
from journeys.rules.views.manage_funnel import (
    forget_label_rule,
    give_default,
    keep_label_rule,
    manage_funnel,
    preview_label_rule,
    set_movement_rules,
    use_default_stage,
    use_movement_preset,
)

__all__ = [
    "forget_label_rule",
    "give_default",
    "keep_label_rule",
    "lost_reason_required",
    "lost_reasons",
    "manage_funnel",
    "move_lost_reason",
    "preview_label_rule",
    "rename_lost_reason",
    "retire_lost_reason",
    "set_movement_rules",
    "use_default_stage",
    "use_lost_reason_again",
    "use_movement_preset",
]
