"""Who is in a campaign, what became of a contact in it, and letting in and taking out by hand."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.models import Contact
from contacts.views.addresses import id_in, read_on
from journeys.campaigns import actions, queries
from journeys.campaigns.forms import AddContactsForm
from journeys.campaigns.models import Campaign, CampaignStep
from journeys.campaigns.sentences import what_it_does

ADD = "add-to-campaign-form"


@role_required(Role.MARKETER)
@require_safe
def campaign_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is in a campaign now, the newest first; or, with `state=left`, who was."""
    campaign = get_object_or_404(Campaign, pk=pk)
    has_left = request.GET.get("state") == "left"
    here = reverse("journeys:campaign_contacts", args=[pk])
    page = queries.members_page(
        queries.members_of(campaign, is_in=not has_left), older_than=id_in(request.GET.get("older_than"))
    )
    context = {
        "campaign": campaign,
        "page": page,
        "older": read_on(request, older_than=page.older_than),
        "newer": f"{here}{'?state=left' if has_left else ''}" if request.GET.get("older_than") else "",
        "tabs": [
            {"label": "In it now", "address": here, "is_current": not has_left},
            {"label": "Left", "address": f"{here}?state=left", "is_current": has_left},
        ],
        "has_left": has_left,
        "arriving": queries.arriving(campaign),
    }
    return render_page(request, "journeys/campaign_contacts.html", context)


@role_required(Role.MARKETER)
@require_safe
def step_contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """The contacts of which the same became at a step: `outcome` says what."""
    step = get_object_or_404(CampaignStep.objects.select_related("campaign"), pk=pk)
    outcome = request.GET.get("outcome", "waiting")[:30].replace("\0", "")
    turns = queries.contacts_at(step, outcome, after=id_in(request.GET.get("after")) or 0)
    shown = turns[: queries.PAGE]
    query = request.GET.copy()
    query["after"] = str(shown[-1].contact_id) if shown else ""
    context = {
        "campaign": step.campaign,
        "step": step,
        "what": what_it_does(step, queries.names()),
        "outcome": outcome,
        "rows": queries.turns_in_words(step, shown),
        "next": f"{request.path}?{query.urlencode()}" if len(turns) > len(shown) else "",
    }
    return render_page(request, "journeys/step_contacts.html", context)


@role_required(Role.MARKETER)
@require_safe
def campaign_log(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """What became of a contact in a campaign, round by round."""
    campaign = get_object_or_404(Campaign, pk=pk)
    person = get_object_or_404(Contact.objects.defer("search"), pk=contact)
    rounds = queries.log_of(person, campaign)
    context = {
        "campaign": campaign,
        "contact": person,
        "rounds": rounds,
        "is_in": any(one.member.left_at is None for one in rounds),
    }
    return render_page(request, "journeys/campaign_log.html", context)


@role_required(Role.MARKETER)
@require_POST
def remove_from_campaign(request: HttpRequest, pk: int, contact: int) -> HttpResponse:
    """Take a contact out. What waits is cancelled; its stage stays."""
    campaign = get_object_or_404(Campaign, pk=pk)
    person = get_object_or_404(Contact.objects.defer("search"), pk=contact)
    if actions.remove_contact(campaign=campaign, contact=person.pk, by=request.user):  # type: ignore[arg-type]
        announce(request, f"{person} was removed from {campaign}, and comes back by hand alone.")
    else:
        announce(request, f"{person} is not in {campaign}.", level=messages.INFO)
    return go_to(request, reverse("journeys:campaign_log", args=[pk, person.pk]))


@role_required(Role.MARKETER)
@require_http_methods(["GET", "HEAD", "POST"])
def add_to_campaign(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a contact in, or all that match a segment now."""
    campaign = get_object_or_404(Campaign, pk=pk)
    form = AddContactsForm(request.POST if request.method == "POST" else None)
    back = reverse("journeys:campaign", args=[pk])
    if form.is_valid():
        try:
            announce(request, _let_in(campaign, form, request.user))  # type: ignore[arg-type]
            return go_to(request, back)
        except actions.CampaignIsGoing as going:
            form.add_error(None, str(going))
    context = {"campaign": campaign, "form": form, "here": request.path, "back": back}
    status = 422 if form.errors else 200
    return render_page(request, "journeys/add_to_campaign.html", context, dialog=ADD, parts=[ADD], status=status)


def _let_in(campaign: Campaign, form: AddContactsForm, by: TeamMember) -> str:
    """Let in whoever the form names. Returns what happens next, as a sentence."""
    when = "within seconds" if campaign.is_active else "once it is active again"
    who = []
    if form.contact:
        actions.add_contacts(campaign=campaign, contacts=[form.contact.pk], by=by)
        who.append(str(form.contact))
    if segment := form.cleaned_data["segment"]:
        count = actions.add_segment(campaign=campaign, segment=segment, by=by)
        who.append(f"{count:,} contact{'' if count == 1 else 's'} of {segment}")
    return f"{' and '.join(who)} will come in {when}, unless they were in it before and it does not start again."
