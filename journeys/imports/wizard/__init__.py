"""Importing by hand: a file, what its columns are, what is wanted of it, a check of all of it, and then the import."""
