"""A contact comes into the book, is edited, and is erased."""

from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.confirmation import password_confirmed
from config.team.roles import Role
from contacts.attributes.queries import attributes
from contacts.causes import Cause
from contacts.forms import ContactForm, EraseForm, NewContactForm
from contacts.models import Contact
from contacts.views.addresses import contact_or_404
from journeys.book import actions as book
from journeys.book.queries import effect_of_erasing
from journeys.status.actions import MoveRefused
from stages.queries import open_stages


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def new_contact(request: HttpRequest) -> HttpResponse:
    """A contact that comes into the book by hand."""
    stages, default = open_stages(timezone.now()), book.default_stage()
    form = NewContactForm(
        request.POST if request.method == "POST" else None, attributes=attributes(), stages=stages, default=default
    )
    if form.is_valid():
        try:
            person = book.add_contact(
                fields=form.values,
                stage=form.chosen_stage,
                by=request.user,  # type: ignore[arg-type]
                cause=Cause.MANUAL,
            )
        except IntegrityError:
            form.say_taken()
        except MoveRefused as error:
            form.add_error("stage", str(error))
        else:
            announce(request, f"{person} is in the Contact Book now.")
            return go_to(request, reverse("contacts:contact", args=[person.pk]))
    return _form(request, "contacts/new_contact.html", form, back=reverse("contacts:contacts"))


@role_required(Role.OPERATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def edit_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The fields of a contact. What somebody else changed meanwhile is not overwritten unasked."""
    person = contact_or_404(pk)
    name, address = str(person), reverse("contacts:contact", args=[pk])
    was_lost = person.status.is_lost
    form = ContactForm(request.POST if request.method == "POST" else None, instance=person, attributes=attributes())
    code = 200
    if form.is_valid():
        try:
            changed = book.change_contact_as_seen(
                contact=pk,
                seen=form.seen_values,
                fields=form.changed_values,
                by=request.user,  # type: ignore[arg-type]
            )
        except book.ChangedMeanwhile as error:
            form.say_changed_meanwhile(error.fields)
            code = 409
        except IntegrityError:
            form.say_taken()
        except Contact.DoesNotExist:
            raise Http404("The contact was erased meanwhile.") from None
        else:
            announce(request, _what_changed(person, changed, was_lost=was_lost))
            return go_to(request, address)
    return _form(request, "contacts/edit_contact.html", form, back=address, name=name, status=code)


def _form(
    request: HttpRequest, template: str, form: ContactForm, *, back: str, name: str = "", status: int = 200
) -> HttpResponse:
    code = 422 if form.errors and status == 200 else status
    context = {"form": form, "back": back, "here": request.path, "name": name, "is_stale": status == 409}
    return render_page(request, template, context, parts=["edit-contact-form"], status=code)


def _what_changed(person: Contact, changed: list[str], *, was_lost: bool) -> str:
    if not changed:
        return "Nothing was changed."
    if "account_state" not in changed:
        return f"{person} was saved."
    if person.account_state == Contact.AccountState.INACTIVE:
        lost = "" if was_lost else " and the contact lost"
        return f"{person} was saved. The account is inactive now{lost}."
    return f"{person} was saved. The account is active again; the contact is still lost until somebody recovers it."


@role_required(Role.ADMINISTRATOR)
@require_http_methods(["GET", "HEAD", "POST"])
@password_confirmed
def erase_contact(request: HttpRequest, pk: int) -> HttpResponse:
    """What erasing takes away and what it leaves; then it does."""
    person = contact_or_404(pk)
    form = EraseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            book.erase_contacts(contacts=[pk], by=request.user)  # type: ignore[arg-type]
        except OSError as error:
            form.add_error(None, f"Nobody was erased: the register cannot be written ({error.strerror}).")
        else:
            announce(request, f"Contact {pk} was erased.")
            return go_to(request, reverse("contacts:contacts"))
    context = {
        "contact": person,
        "form": form,
        "effect": effect_of_erasing(person),
        "here": request.path,
        "back": reverse("contacts:contact", args=[pk]),
    }
    part = "erase-contact-form"
    status = 422 if form.errors else 200
    return render_page(request, "contacts/erase_contact.html", context, dialog=part, parts=[part], status=status)
