# make demo    see Funnelbook with sample data
# make test    lint, types and every test
#
# From the environment: PORT (8000), FUNNELBOOK_DATA (data/), DATABASE_URL (a PostgreSQL server instead of the
# embedded one), DEMO_PASSWORD, CHROMIUM. What else there is: docs/ and the targets below.

PYTHON ?= python3
RUN := .venv/bin/python
PROCESSES ?= 2
# On a terminal, Ctrl-C is for what runs in front, and not for make, which would end as interrupted.
IN_FRONT := if [ -t 0 ] && $(RUN) -c "import os, sys; sys.exit(os.tcgetpgrp(0) != os.getpgrp())"; then set -m; fi
TESTS ?=

.PHONY: demo serve upgrade test test-postgresql lint format types bench faults try-install fuzz install install-tests requirements

demo: install
	@$(IN_FRONT); $(RUN) manage.py serve --sample

serve: install
	@$(IN_FRONT); $(RUN) manage.py serve

# After the code was replaced (git pull): back up, install, bring the database up to date, start anew what runs.
upgrade:
	@test -x $(RUN) || { echo "Nothing is installed here yet: make serve" >&2; exit 1; }
	@$(RUN) -m config.backups
	@$(MAKE) --no-print-directory install
	@$(RUN) manage.py restart

test: install-tests
	@$(RUN) -m tests.chromium
	@$(MAKE) --no-print-directory lint types
	@$(RUN) -m pytest -n $(PROCESSES) --dist loadfile $(TESTS)

# The tests with another PostgreSQL: make test-postgresql POSTGRESQL_BIN=/usr/lib/postgresql/15/bin
test-postgresql: install-tests
	@test -x "$(POSTGRESQL_BIN)/postgres" || { echo "Name the folder of PostgreSQL's programs in POSTGRESQL_BIN." >&2; exit 1; }
	@$(RUN) -m tests.chromium
	@POSTGRESQL_BIN="$(POSTGRESQL_BIN)" $(RUN) -m pytest -n $(PROCESSES) --dist loadfile $(TESTS)

lint: install-tests
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --quiet --check . || { echo "Formatting differs: make format" >&2; exit 1; }

format: install-tests
	@$(RUN) -m ruff check --quiet --fix . || true
	@$(RUN) -m ruff format .

types: install-tests
	@$(RUN) -m mypy

bench: install-tests
	@$(RUN) -m tests.bench $(if $(ONLY),--only $(ONLY)) $(if $(SIZE),--size $(SIZE))

# One run in a real installation whose worker and PostgreSQL are killed and frozen many times. Some minutes.
faults: install-tests
	@$(RUN) -m tests.faults

# The commands of docs/install.md in a clean Debian root, as root; needs debootstrap and a connection. Some minutes.
try-install: install-tests
	@$(RUN) -m tests.install

# Tests that make up their own examples, with many more of them.
fuzz: install-tests
	@$(RUN) -m pytest -m hypothesis --hypothesis-profile=fuzz $(TESTS)

install install-tests:
	@command -v $(PYTHON) >/dev/null || { echo "Funnelbook needs Python 3.11 or newer; $(PYTHON) was not found." >&2; exit 1; }
	@$(PYTHON) -m config.install $(if $(filter install-tests,$@),--tests)

# After a change of pyproject.toml; needs uv. Packages are installed from wheels; of mautic there is none.
requirements:
	uv pip compile pyproject.toml --universal --generate-hashes --python-version 3.11 --no-header -q -o requirements.txt
	uv pip compile --group pyproject.toml:test --universal --generate-hashes --python-version 3.11 --no-header -q \
		--no-binary mautic --emit-build-options -c requirements.txt -o tests/requirements.txt
