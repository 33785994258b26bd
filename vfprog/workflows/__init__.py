"""Whole jobs: check, train, validate, explain, score; the command line and scripts call these."""
