"""How much is taken from one address, and by one form, within a minute.

Counted in the database, so by all processes together. An address is kept as a digest, for minutes.
"""

import ipaddress

from django.conf import settings
from django.utils.crypto import salted_hmac

from config.team.calls.actions import count_request
from journeys.webforms.models import WebForm

_SALT = "journeys.webforms.public.limits"


def seconds_to_wait(form: WebForm, address: str) -> int | None:
    """After how many seconds to send again, if this is more than is taken within the minute. Two queries."""
    waits = [
        count_request(caller=_caller(address), at_most=settings.WEB_FORMS_OF_ADDRESS_A_MINUTE, by=None),
        count_request(caller=f"web form {form.pk}", at_most=settings.WEB_FORM_A_MINUTE, by=None),
    ]
    return max((wait for wait in waits if wait), default=None)


def _caller(address: str) -> str:
    return f"address {salted_hmac(_SALT, _network(address)).hexdigest()}"


def _network(address: str) -> str:
    """The address; of IPv6 the network, since each of its homes and offices has addresses without end."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((known, 64), strict=False)) if known.version == 6 else address
