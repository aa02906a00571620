"""The reports that there are, each with the question that it answers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """One report; `view` is the name of its address."""

    view: str
    name: str
    icon: str
    question: str


REPORTS = [
    Report("compare", "As of and compare", "scale", "What did the funnel look like on a day, beside another day?"),
    Report("ins_and_outs", "Ins and outs", "arrows-right-left", "Who came into each stage, who left it, and how?"),
    Report("flows", "Flows", "arrows-pointing-out", "Where did those go who stood in a stage at the beginning?"),
    Report("conversion", "Conversion", "funnel", "Of the people who entered a stage, how many came further?"),
    Report("time_in_stage", "Time in stage", "clock", "How long do people stay in each stage?"),
    Report("stuck", "Stuck", "pause-circle", "Who has been in a stage for longer than they should?"),
    Report("lost_contacts", "Lost", "no-symbol", "Who was lost, from where and why, and who came back?"),
    Report("trend", "Trend", "arrow-trending-up", "How did the number of contacts in each stage change?"),
]
