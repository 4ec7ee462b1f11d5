"""WebSockets whose clients may send anything: what is no message ends the connection, and they hear why."""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

_LINGER = 2.0
"""Seconds for which what is still on its way is read. A socket that is closed before is reset, and its last
words, why it was closed, are lost."""
_SENTENCE = b"The headers of this request are too long: delete the cookies of this address."
_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Type: text/plain\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(_SENTENCE), _SENTENCE)
)


class SuspiciousSocket(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket, which writes a traceback for each message that is no UTF-8, fails where the client
    has said goodbye right behind it, never answers a request whose headers are longer than it reads, and is
    reset before a client that sends a message too long can hear so."""

    _ended = False

    def data_received(self, data: bytes) -> None:
        if self._ended:
            return
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            self.transport.write(_TOO_LONG)
            self.transport.close()

    def handle_parser_exception(self) -> None:
        said = self.conn.close_sent
        if said is None or self._ended:
            return
        self._ended = self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": said.code, "reason": said.reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(_LINGER, self.transport.close)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.frames = []
            self.conn.fail(CloseCode.INVALID_DATA, "text must be UTF-8")
            self.handle_parser_exception()
            return
        super().send_receive_event_to_app()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
