"""Where the database is, for programs other than Django."""

from django.db import connection
from psycopg.conninfo import make_conninfo

from config.disk import refuse_if_nearly_full

_OF_THE_ADDRESS = {"dbname", "user", "password", "host", "port", "service", "passfile"}


def address_of_database() -> str:
    """What `DATABASE_URL` says, in the words of libpq."""
    given = connection.get_connection_params()
    return make_conninfo(**{key: value for key, value in given.items() if key in _OF_THE_ADDRESS or key[:3] == "ssl"})


def refuse_if_disk_is_nearly_full() -> None:
    """Before anything large is written to the database.

    Raises:
        DiskNearlyFull: there is too little room for it.
    """
    refuse_if_nearly_full(address_of_database())
