"""Inbound data plane: both vendors' endpoints, served by whichever provider of an agent's chain answers."""

from tui_failover.gateway.service import Gateway
from tui_failover.gateway.settings import GatewaySettings

__all__ = ["Gateway", "GatewaySettings"]
