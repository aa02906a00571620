"""Contacts from a file: reading it, deciding what each row does to the book, and doing it."""
