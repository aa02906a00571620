"""Real installations in which processes are killed and frozen in the middle of a run."""
