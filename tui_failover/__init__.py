"""Failover for applications that depend on AI providers, with a console for the engineer on call."""
