"""How long a slice of contacts waits for others and lets others wait, and when it is worth trying it again."""

from django.db import InternalError, OperationalError, connection
from psycopg.errors import (
    IdleInTransactionSessionTimeout,
    LockNotAvailable,
    QueryCanceled,
    TransactionRollback,
    TransactionTimeout,
)

WAIT_FOR_LOCKS = "3s"
LONGEST_SLICE = "30s"
LONGEST_PAUSE = "5s"
ATTEMPTS = 5
"""A slice is tried again where somebody else held its contacts for too long, or the server cut the worker off."""


def limit_time() -> None:
    """A slice neither waits for others for long, nor lets them wait: a frozen worker is cut off by the server."""
    whole = "transaction_timeout" if connection.pg_version >= 170_000 else "statement_timeout"  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', %s, true), set_config(%s, %s, true), "
            "set_config('idle_in_transaction_session_timeout', %s, true)",
            [WAIT_FOR_LOCKS, whole, LONGEST_SLICE, LONGEST_PAUSE],
        )


def may_pass(error: OperationalError | InternalError) -> bool:
    """Whether others were in the way, or this one was frozen for so long that the server cut it off."""
    return isinstance(error.__cause__, LockNotAvailable | QueryCanceled | TransactionRollback | _CUT_OFF)


_CUT_OFF = IdleInTransactionSessionTimeout | TransactionTimeout
