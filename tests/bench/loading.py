"""The figure of loading the book itself."""

from tests.bench.bench import Bench
from tests.bench.figures import Measured, figure


@figure("load", unit="s", limit=300)
def load(bench: Bench) -> Measured:
    """Contacts, three changes of each, totals and PostgreSQL's own tidying up."""
    bench.big.use()
    return Measured(bench.big.load_seconds)
