"""The screen: the only room that knows Textual. It draws snapshots and gives orders; it decides nothing."""
