"""The rules: values and pure functions of values; no clock, no network, no randomness."""
