"""The Contact Book: the list of contacts, a contact, its form, erasing it."""

from contacts.views.editing import edit_contact, erase_contact, new_contact
from contacts.views.listing import contacts
from contacts.views.page import contact

__all__ = ["contact", "contacts", "edit_contact", "erase_contact", "new_contact"]
