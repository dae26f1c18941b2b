"""An answer that is at hand as a whole, and leaves in one piece."""

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time


class Whole(web.Response):
    """The answer "200 OK" to a query, with its body and all it says of itself.

    Every other answer is got ready as if it might come in pieces, be compressed or carry cookies, which takes
    longer than to write one.
    """

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write all of it, unless the request is an odd one: that takes the long way."""
        body = self.body
        if (
            self.prepared
            or request.version != HttpVersion11
            or request.method != "POST"
            or not isinstance(body, bytes)
        ):
            return await super().prepare(request)
        if self._keep_alive is None:
            self._keep_alive = request.keep_alive
        headers, writer = self.headers, request.writer
        headers["Content-Length"] = str(len(body))
        headers["Date"] = rfc822_formatted_time()
        if not self._keep_alive:
            headers["Connection"] = "close"
        await writer.write_headers("HTTP/1.1 200 OK", headers)
        await writer.write_eof(body)
        self._eof_sent = True
        return writer
