"""What an address of the Contact Book may name."""

from django.http import Http404, HttpRequest

from contacts.models import Contact

LARGEST_ID = 2**63 - 1


def id_in(text: str | None) -> int | None:
    """The id that somebody's address names, or None for anything else."""
    if text is None or not (text.isascii() and text.isdecimal() and len(text) < 20):
        return None
    return int(text) if int(text) <= LARGEST_ID else None


def read_on(request: HttpRequest, **bookmark: int | None) -> str:
    """The address of this list from a row on, `newer_than` or `older_than` it; empty without one."""
    if not any(bookmark.values()):
        return ""
    query = request.GET.copy()
    query.pop("newer_than", None)
    query.pop("older_than", None)
    for name, value in bookmark.items():
        query[name] = str(value)
    return f"{request.path}?{query.urlencode()}"


def contact_or_404(pk: int) -> Contact:
    """A contact with its status, stage and lost reason. One query."""
    found = Contact.objects.defer("search").select_related("status__stage", "status__lost_reason").filter(pk=pk).first()
    if not found:
        raise Http404("There is no such contact in the book.")
    return found
