"""Whole screens: they hold widgets, read the snapshot once a tick, and draw nothing themselves."""
