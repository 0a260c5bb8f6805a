"""A name server that knows a few TXT records and says of every other name that it is not there."""

import socketserver
import struct
import threading

TXT, IN = 16, 1
NO_ERROR, NO_SUCH_NAME = 0, 3
AUTHORITATIVE_ANSWER = 0x8580


def _question(packet):
    """(name, type, the question's bytes)"""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    (kind,) = struct.unpack("!H", packet[at + 1 : at + 3])
    return ".".join(labels).lower(), kind, packet[12 : at + 5]


def _strings(text):
    data = text.encode()
    pieces = [data[at : at + 255] for at in range(0, len(data), 255)]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)


def _answer(packet, records):
    name, kind, question = _question(packet)
    texts = records.get(name, [])
    texts = [texts] if isinstance(texts, str) else texts
    answers = [_strings(text) for text in texts] if kind == TXT else []
    code = NO_ERROR if name in records else NO_SUCH_NAME
    header = packet[:2] + struct.pack("!HHHHH", AUTHORITATIVE_ANSWER | code, 1, len(answers), 0, 0)
    rows = [b"\xc0\x0c" + struct.pack("!HHIH", TXT, IN, 0, len(data)) + data for data in answers]
    return header + question + b"".join(rows)


class _Handler(socketserver.BaseRequestHandler):
    def handle(self):
        packet, port = self.request
        port.sendto(_answer(packet, self.server.records), self.client_address)


class NameServer:
    """records: {name: text, or a list of them}; may be changed while it runs."""

    def __init__(self, records):
        self.records = records
        self.server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), _Handler)
        self.server.records = records
        self.address = f"127.0.0.1@{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
