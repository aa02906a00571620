"""The PostgreSQL server that an address in the environment names, looked at before anything is done with it."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from config.trouble import Trouble

OLDEST = 15


def check_named_server(url: str, name: str = "DATABASE_URL") -> None:
    """Connect once.

    Args:
        name: the variable of the environment that holds this address.

    Raises:
        Trouble: the address is none, nobody answers there, or the server cannot hold a Contact Book.
    """
    try:
        port = str(conninfo_to_dict(url).get("port", 5432))
    except psycopg.ProgrammingError:  # its message repeats the address, password and all
        port = ""
    if not port.replace(",", "").isdecimal():
        raise Trouble(
            f"{name} is not the address of a PostgreSQL database. "
            "One looks like postgresql://name:password@host:5432/funnelbook"
        )
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            version = connection.info.server_version // 10000
            encoding = connection.info.parameter_status("server_encoding")
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split())
        raise Trouble(f"The database that {name} names cannot be used: {reason}") from None
    if version < OLDEST:
        raise Trouble(f"The server that {name} names is PostgreSQL {version}. Funnelbook needs {OLDEST} or newer.")
    if encoding != "UTF8":
        raise Trouble(f"The database that {name} names holds {encoding}. Funnelbook needs one in UTF8.")
