"""How fast Funnelbook is: `make bench`. Never used by timed tests."""
