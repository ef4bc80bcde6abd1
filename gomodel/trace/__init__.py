"""Showing a trace: one file per way."""
