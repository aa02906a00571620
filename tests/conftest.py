"""What every test may ask for by name: the database, people and stages, and a browser."""

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.people",
    "tests.fixtures.browser",
    "tests.fixtures.examples",
]
