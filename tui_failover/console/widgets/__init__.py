"""Widgets that put lines on the screen and compute nothing."""
