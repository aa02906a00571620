"""A campaign in a real installation: begun inside it, and what has to be true of it in the end."""

from journeys.campaigns import actions, looks
from journeys.campaigns.models import Campaign, CampaignStep
from journeys.segments.actions import create_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from tests.faults.book import begun, fill
from tests.faults.trial import Trial

Kind, When, Unit = CampaignStep.Kind, CampaignStep.When, CampaignStep.Unit


def begin(*, contacts: int, slices: int, seconds_a_slice: float, of_people: int) -> None:
    """Fill an empty book and switch a campaign on that all who carry a label come into, for a worker. Prints `begun`.

    It asks where they stand, moves some of them and marks the others, and moves all of them an hour later.
    """
    looks.SLICE = contacts // slices
    book = fill(contacts=contacts, seconds_a_slice=seconds_a_slice, of_people=of_people)
    ana, label, stages = book.ana, book.label, book.stages
    conditions = Conditions(((Condition("label", Operator.CARRIED, label=label.pk),),))
    segment = create_segment(name="Everybody", conditions=conditions, is_for_all=True, by=ana)
    campaign = actions.create_campaign(values={"name": "Win-back"}, by=ana)
    actions.set_sources(campaign=campaign, seen=1, segments=[segment], web_forms=[], by=ana)
    asks = {"kind": Kind.IN_STAGES, "name": "asks", "stages": [stages["Aware"].pk]}
    moves = {"kind": Kind.CHANGE_STAGE, "name": "moves", "stage": stages["Customer"]}
    marks = {"kind": Kind.PUT_ON_LABEL, "name": "marks", "label": label}
    later = {"kind": Kind.CHANGE_STAGE, "name": "later", "stage": stages["Promoter"]}
    in_an_hour = {"when": When.AFTER, "amount": 1, "unit": Unit.HOURS}
    condition = actions.add_step(campaign=campaign, seen=2, parent=None, branch="", values=asks, by=ana)
    actions.add_step(campaign=campaign, seen=3, parent=condition, branch="yes", values=moves, by=ana)
    actions.add_step(campaign=campaign, seen=4, parent=condition, branch="no", values=marks, by=ana)
    actions.add_step(campaign=campaign, seen=5, parent=None, branch="", values={**later, **in_an_hour}, by=ana)
    actions.activate_campaign(campaign=campaign, by=ana)
    looks.look(Campaign.objects.get(pk=campaign.pk), [segment], looks.Book.now())
    print(begun(campaign.pk, book))


class CampaignTrial(Trial):
    """One campaign, and what is done to the processes of its installation meanwhile."""

    begun_by = "tests.faults.campaign"

    @property
    def cursor(self) -> int:
        """How many turns are done."""
        return self.row("SELECT count(*) FROM journeys_turn WHERE done_at IS NOT NULL")[0]

    @property
    def everybody_is_in(self) -> bool:
        return self.row("SELECT count(*) = 0 FROM journeys_campaignarrival")[0]

    @property
    def has_ended(self) -> bool:
        """Everybody came in, and nothing waits."""
        return self.everybody_is_in and self.row("SELECT count(*) = 0 FROM journeys_turn WHERE done_at IS NULL")[0]

    def step_clock(self, hours: int) -> None:
        """The clock is set forward, or back, while contacts wait: what they wait for is so much nearer, or farther."""
        self.execute(f"UPDATE journeys_turn SET due_at = due_at - interval '{hours:d} hours' WHERE done_at IS NULL")

    @property
    def promises(self) -> dict[str, str]:
        return _PROMISES


_PROMISES = {
    "everybody came in once": """
        SELECT count(*) FROM contacts_carriedlabel carried FULL JOIN journeys_campaignmember member USING (contact_id)
        WHERE member.id IS NULL OR carried.contact_id IS NULL OR round <> 1 OR left_at IS NOT NULL
    """,
    "everybody was asked, was moved or marked, and was moved later, once each": """
        SELECT count(*) FROM contacts_carriedlabel
        LEFT JOIN (
            SELECT contact_id, count(*) FILTER (WHERE step.name = 'asks') AS asked,
                   count(*) FILTER (WHERE step.name IN ('moves', 'marks')) AS acted,
                   count(*) FILTER (WHERE step.name = 'later') AS later
            FROM journeys_turn JOIN journeys_campaignstep step ON step.id = step_id
            WHERE done_at IS NOT NULL GROUP BY 1
        ) AS taken USING (contact_id)
        WHERE (asked, acted, later) IS DISTINCT FROM (1, 1, 1)
    """,
    "nothing waits, and nobody is about to come in": """
        SELECT (SELECT count(*) FROM journeys_turn WHERE done_at IS NULL)
             + (SELECT count(*) FROM journeys_campaignarrival)
    """,
    "nobody was moved twice by a step": """
        SELECT count(*) FROM (
            SELECT 1 FROM journeys_statuschange WHERE cause = 'campaign' GROUP BY via_id, contact_id HAVING count(*) > 1
        ) AS twice
    """,
    "whoever could be moved stands in Promoter": """
        SELECT count(*) FROM contacts_carriedlabel JOIN journeys_funnelstatus status USING (contact_id)
        JOIN contacts_contact contact ON contact.id = contact_id
        JOIN stages_stage stage ON stage.id = stage_id
        WHERE (stage.name = 'Promoter' AND lost_at IS NULL) <> (account_state = 'active')
    """,
}
