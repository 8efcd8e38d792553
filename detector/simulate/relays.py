"""The other side: which server takes a recipient's mail, and what it answers. The same domain answers the same way."""

from dataclasses import dataclass
from functools import cache
from random import Random
from zlib import crc32

from detector.simulate.invented import ACADEMY_DOMAIN
from detector.simulate.messages import HOUR, Message


@dataclass(frozen=True, slots=True)
class Relay:
    """A server as Postfix names it in `relay=`, the Postfix service that talks to it, and its manner of speaking."""

    host: str
    address: str
    name: str
    service: str
    manner: int

    def acceptance(self, message: Message, rng: Random) -> str:
        """The reply to a mail taken over; the ids in it are that server's own."""
        token = rng.getrandbits(40)
        if self.service == "lmtp":
            return f"250 2.0.0 <{message.recipients[0]}> {token:010x}AAB Saved"
        if self.manner == 0:
            return f"250 2.0.0 Ok: queued as {token:010X}"
        if self.manner == 1:
            return f"250 2.6.0 <{message.message_id}> Queued mail for delivery"
        if self.manner == 2:
            return f"250 2.0.0 OK {message.sent_at_ms // 1_000} {token:010x}-{token % 97:02d} - smtp"
        return f"250 OK id=1{token % 10**6:06d}-{token % 9_973:04d}-{token % 89:02d}"

    def put_off(self, recipient: str, *, patience: int) -> tuple[str, str, str]:
        """(dsn, relay, reason) of an attempt that must be made again."""
        said = f"host {self.host}[{self.address}] said:"
        if self.manner == 0:
            return "4.7.1", self.name, f"{said} 451 4.7.1 <{recipient}>: Greylisting (in reply to RCPT TO command)"
        if self.manner == 1 or patience > HOUR:
            return "4.4.1", "none", f"connect to {self.host}[{self.address}]:25: Connection timed out"
        return "4.7.0", self.name, f"{said} 421 4.7.0 Try again later, too many mails (in reply to end of DATA command)"

    def refusal(self, recipient: str) -> str:
        """The reply to a mail for a mailbox that is gone."""
        said = f"host {self.host}[{self.address}] said: 550 5.1.1"
        return f"{said} <{recipient}>: Recipient address rejected: User unknown (in reply to RCPT TO command)"


@cache
def _relay(domain: str) -> Relay:
    if domain == ACADEMY_DOMAIN:
        host = f"mx1.{domain}"
        return Relay(host, "127.0.0.1", f"{host}[private/dovecot-lmtp]", "lmtp", 0)
    number = crc32(domain.encode())
    host = f"{('mx', 'mail', 'mx1', 'in')[number % 4]}.{domain}"
    address = f"{('198.51.100', '203.0.113')[number % 2]}.{1 + number // 7 % 250}"
    return Relay(host, address, f"{host}[{address}]:25", "smtp", number // 11 % 4)


def relay_of(recipient: str) -> Relay:
    """The server that takes mail for this address."""
    return _relay(recipient.rpartition("@")[2])
