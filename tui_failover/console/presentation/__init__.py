"""From a `Picture` to lines of text and ink: pure functions, so that every cell on the screen can be asserted."""
