"""A small ONVIF device on loopback, for tests: it can be found, and answers what finding its streams asks."""

import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

_ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error">'
    "<s:Body>{body}</s:Body></s:Envelope>"
)
_NOT_AUTHORIZED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en">Sender not Authorized</s:Text></s:Reason></s:Fault>'
)


@dataclass
class FakeDevice:
    """Profiles by token: (name, width, height, frames a second). Answers everybody, or only ``user``."""

    profiles: dict[str, tuple[str, int, int, int]]
    user: str | None = None
    #: What it was asked, in order.
    asked: list[str] = field(default_factory=list[str])
    _server: ThreadingHTTPServer | None = field(init=False, default=None)

    def __enter__(self) -> "FakeDevice":
        device = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                status, body = device.answer(text)
                content = _ENVELOPE.format(body=body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, name="onvif-device", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def port(self) -> int:
        """Where it listens on 127.0.0.1."""
        assert self._server is not None, "use it as a context"
        return int(self._server.server_port)

    def answer(self, request: str) -> tuple[int, str]:
        """(HTTP status, content of the body) for a SOAP request."""
        body = request[request.index("Body") :]
        found = re.search(r"Body[^>]*>\s*<(?:\w+:)?(\w+)", body)
        what = found[1] if found else ""
        self.asked.append(what)
        if what == "GetSystemDateAndTime":
            return 200, _time(datetime.now(UTC))
        if self.user is not None and f">{self.user}<" not in request:
            return 400, _NOT_AUTHORIZED
        if what == "GetServices":
            services = (("device/wsdl", "device"), ("media/wsdl", "media"))
            return 200, "<tds:GetServicesResponse>" + "".join(self._service(*s) for s in services) + (
                "</tds:GetServicesResponse>"
            )
        if what == "GetProfiles":
            return 200, f"<trt:GetProfilesResponse>{self._profiles()}</trt:GetProfilesResponse>"
        token = re.search(r"ProfileToken>([^<]+)<", body)
        uri = f"rtsp://127.0.0.1:554/{token[1] if token else ''}"
        return 200, (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            "<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
        )

    def _service(self, namespace: str, path: str) -> str:
        return (
            f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{namespace}</tds:Namespace>"
            f"<tds:XAddr>http://127.0.0.1:{self.port}/onvif/{path}_service</tds:XAddr>"
            "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
        )

    def _profiles(self) -> str:
        return "".join(
            f'<trt:Profiles token="{token}" fixed="true"><tt:Name>{name}</tt:Name>'
            f'<tt:VideoEncoderConfiguration token="v-{token}"><tt:Name>{name}</tt:Name><tt:UseCount>1</tt:UseCount>'
            f"<tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height>"
            f"</tt:Resolution><tt:Quality>4</tt:Quality><tt:RateControl><tt:FrameRateLimit>{fps}</tt:FrameRateLimit>"
            "<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl>"
            "<tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address>"
            "<tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart></tt:Multicast>"
            "<tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration></trt:Profiles>"
            for token, (name, width, height, fps) in self.profiles.items()
        )


#: Where WS-Discovery asks (OASIS WS-Discovery 1.1, section 2.4).
_GROUP, _PORT = "239.255.255.250", 3702
_MATCH = (
    '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" '
    'xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><s:Header>'
    "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action>"
    "<a:MessageID>urn:uuid:{answer}</a:MessageID><a:RelatesTo>{asked}</a:RelatesTo>"
    "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To></s:Header><s:Body><d:ProbeMatches>"
    "<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{answer}</a:Address></a:EndpointReference>"
    "<d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/hall</d:Scopes>"
    "<d:XAddrs>{address}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches></s:Body>"
    "</s:Envelope>"
)


class Findable:
    """Answers WS-Discovery's question for cameras with ``address``; OSError where there is no multicast."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("", _PORT))
        member = struct.pack("4s4s", socket.inet_aton(_GROUP), socket.inet_aton("127.0.0.1"))
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        self._socket.settimeout(0.1)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="onvif-findable")

    def __enter__(self) -> "Findable":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                heard, asker = self._socket.recvfrom(65_535)
            except TimeoutError:
                continue
            asked = re.search(rb"MessageID>([^<]+)<", heard)
            if asked is not None and b"Probe<" in heard and b"NetworkVideoTransmitter" in heard:
                text = _MATCH.format(answer=uuid4(), asked=asked[1].decode(), address=self._address)
                self._socket.sendto(text.encode(), asker)


def _time(now: datetime) -> str:
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        "<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>"
        f"<tt:Time><tt:Hour>{now.hour}</tt:Hour><tt:Minute>{now.minute}</tt:Minute><tt:Second>{now.second}</tt:Second>"
        f"</tt:Time><tt:Date><tt:Year>{now.year}</tt:Year><tt:Month>{now.month}</tt:Month><tt:Day>{now.day}</tt:Day>"
        "</tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
    )
