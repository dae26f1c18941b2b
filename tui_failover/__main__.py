"""`python -m tui_failover` is `tui-failover`."""

from tui_failover.cli import main

if __name__ == "__main__":
    main()
