"""What every test may ask for by name: the database, people and stages, a browser, and an installation."""

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.people",
    "tests.fixtures.browser",
    "tests.fixtures.examples",
    "tests.fixtures.installation",
]
