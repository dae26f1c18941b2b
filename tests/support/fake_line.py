"""The other end of a connection, without a network: what was written to it, and whether it may send."""

import asyncio


class FakeLine(asyncio.Transport):
    """A transport that keeps what is written.

    Attributes:
        written: everything.
        open: nobody has closed it.
        sends: the other end may send.
        ended: no more will be written.
        waits: bytes that the other end has not taken yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.open = True
        self.sends = True
        self.ended = False
        self.waits = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.waits

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 1) if name == "peername" else default

    def is_closing(self) -> bool:
        return not self.open

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def close(self) -> None:
        self.open = False

    def abort(self) -> None:
        self.open = False

    def pause_reading(self) -> None:
        self.sends = False

    def resume_reading(self) -> None:
        self.sends = True
