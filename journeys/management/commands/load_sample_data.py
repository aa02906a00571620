"""manage.py load_sample_data"""

from django.core.management.base import BaseCommand

from journeys.sample.actions import load_sample_data


class Command(BaseCommand):
    help = "Fill an empty book with 5,000 made-up contacts and a year of history. A book with contacts stays as it is."

    def handle(self, **options) -> None:
        self._told = 0
        added = load_sample_data(progress=self._tell)
        if added:
            self.stdout.write(self.style.SUCCESS(f"Sample data: {added:,} contacts with a year of history."))
        else:
            self.stdout.write("Sample data: left alone, the book holds contacts already.")

    def _tell(self, done: int, total: int) -> None:
        """A line for every fifth."""
        if (fifths := 5 * done // total) > self._told:
            self._told = fifths
            self.stdout.write(f"Sample data: {20 * fifths}% of the year written")
