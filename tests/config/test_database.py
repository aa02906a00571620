"""What every connection to the database begins with."""

from django.db import connection

from config.settings import _database


def test_whoever_is_frozen_in_a_transaction_is_cut_off(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)


def test_options_of_the_address_count_more() -> None:
    settings = _database("postgresql:///book?options=-c%20idle_in_transaction_session_timeout%3D5s")
    assert settings["OPTIONS"]["options"] == (
        "-c idle_in_transaction_session_timeout=60s -c idle_in_transaction_session_timeout=5s"
    )
