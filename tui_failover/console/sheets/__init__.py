"""Dialogs: each shows what would follow before anything is ordered."""
