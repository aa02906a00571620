"""What keeps Funnelbook from starting, told in sentences."""


class Trouble(Exception):
    """A sentence for the person at the command line: what is wrong, and what to do about it."""
