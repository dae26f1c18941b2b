"""The languages: what providers say, read into plain values; no sockets, no clock."""
