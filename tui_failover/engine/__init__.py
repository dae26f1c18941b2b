"""The running thing: it owns time and tasks, keeps the one fleet, and carries queries and checks."""
