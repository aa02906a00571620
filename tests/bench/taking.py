"""A process that exports every contact through the screen. See `tests.bench.exports`."""

import resource
import time


def main() -> None:
    """Print the seconds that it took and the megabytes that the process held at most."""
    import django

    django.setup()
    from django.test import Client
    from django.urls import reverse

    from config.team.models import TeamMember
    from journeys.exports.columns import columns
    from tests.bench.book import MEMBER

    client = Client(SERVER_NAME="localhost")
    client.force_login(TeamMember.objects.get(email=MEMBER), backend="config.team.backends.RoleBackend")
    chosen = [column.code for column in columns([], zone="UTC")]
    began = time.perf_counter()
    response = client.post(f"{reverse('journeys:export_contacts')}?all=1", {"columns": chosen})
    for _ in response.streaming_content:  # type: ignore[attr-defined]
        pass
    seconds = time.perf_counter() - began
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
