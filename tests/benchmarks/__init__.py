"""Measurements by hand, side by side in one run; nothing here is a test and nothing asserts a time."""
