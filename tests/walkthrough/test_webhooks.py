"""The receiver in docs/webhooks.md, run as it stands there, and told of what happens."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from config.team.models import TeamMember
from journeys.book.actions import erase_contacts
from journeys.webhooks import actions
from journeys.webhooks.models import Delivery
from stages.models import Stage
from tests.conventions import ROOT
from tests.factories import TeamMemberFactory, contact_in, standing
from tests.installation import free_port, wait_until
from tests.journeys.running import moved
from tests.journeys.telling import deliver_all, tell_all, webhook_at

pytestmark = pytest.mark.django_db(transaction=True)


def example(folder: Path) -> Path:
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/webhooks.md").read_text(), re.DOTALL)
    file = folder / "receiver.py"
    file.write_text(code)
    return file


@contextmanager
def running(program: Path, secret: str, port: int) -> Iterator[Path]:
    """The receiver at work. Yields what it prints."""
    printed = program.with_suffix(".out")
    environment = os.environ | {"WEBHOOK_SECRET": secret, "PORT": str(port)}
    with printed.open("wb") as out, subprocess.Popen([sys.executable, str(program)], env=environment, stdout=out) as it:
        try:
            wait_until(lambda: _listens(port), 30)
            yield printed
        finally:
            it.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_example_receives_what_happens(tmp_path: Path, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    aware, customer = (Stage.objects.get(name=name) for name in ("Aware", "Customer"))
    ana: TeamMember = TeamMemberFactory(name="Ana Silva")
    port = free_port()
    webhook, secret = webhook_at(f"http://127.0.0.1:{port}/", by=ana, wants_changes_of_runs=True)
    with running(example(tmp_path), secret, port) as printed:
        first, second = contact_in(aware), contact_in(aware)
        standing(first, customer)
        moved([first, second], customer, ana)
        erase_contacts(contacts=[second.pk], by=ana)
        actions.send_test(webhook=webhook, by=ana)
        tell_all()
        deliver_all(webhook)
        assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}
        assert sorted(printed.read_text().splitlines()) == sorted([
            f"contact.created {first.pk} Aware",
            f"contact.created {second.pk} Aware",
            f"contact.status_changed {first.pk} Customer",
            f"contact.status_changed {second.pk} Customer",
            f"contact.erased {second.pk} gone",
        ])  # fmt: skip

        actions.redeliver(delivery=webhook.deliveries.earliest("id"), by=ana)
        deliver_all(webhook)
        assert len(printed.read_text().splitlines()) == 5  # it has seen that one

        forged = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
        with pytest.raises(HTTPError, match="401"):
            urlopen(Request(webhook.address, b"{}", forged), timeout=20)
