"""`make try-install`: the commands of `docs/install.md`, run in a clean Debian root."""
