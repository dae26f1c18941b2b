"""An answer that is given up takes its connection along at once."""

import aiohttp


class AbruptResponse(aiohttp.ClientResponse):
    """A response whose connection is cut where it is closed before its end.

    A plain close waits until what was written has left, which is never where a provider has stopped reading.
    """

    def close(self) -> None:
        """Close, and cut the connection; one that has gone back to the others is left alone."""
        connection = self.connection
        transport = None if connection is None else connection.transport
        super().close()
        if transport is not None:
            transport.abort()
