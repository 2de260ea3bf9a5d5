"""Which addresses a request may connect to: public ones, and nothing on the machine, the local network or a cloud's inside."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

from igwire.errors import ConfigError, FetchError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The special-purpose registries of IANA (RFC 6890 and its updates), said aloud because `is_global` of the standard library
# changes between patch levels. Forms that carry an IPv4 address inside are refused as a whole.
_FORBIDDEN: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Guard:
    """`allow` names what is let through all the same: "127.0.0.11:8100" or "127.0.0.0/24"; for demo and tests only.

    `public` False keeps requests to those: nobody out there could find out whose robot it was.
    """

    allow: tuple[str, ...] = ()
    public: bool = True
    _pairs: frozenset[tuple[str, int]] = field(init=False)
    _networks: tuple[Network, ...] = field(init=False)

    def __post_init__(self) -> None:
        pairs, networks = set(), []
        for text in self.allow:
            try:
                if "/" in text:
                    networks.append(ipaddress.ip_network(text))
                else:
                    host, _, port = text.rpartition(":")
                    pairs.add((str(ipaddress.ip_address(host.strip("[]"))), int(port)))
            except ValueError as error:
                raise ConfigError(f"IGWIRE_ALLOW_LOOPBACK: {text!r} is neither ADDRESS:PORT nor a network such as 127.0.0.0/24") from error
        object.__setattr__(self, "_pairs", frozenset(pairs))
        object.__setattr__(self, "_networks", tuple(networks))

    def check(self, address: str, port: int, url: str) -> None:
        """Raises FetchError `blocked_address` or `no_contact` unless a request to this address may be sent."""
        # A scoped literal (fe80::1%eth0) is link-local whatever its scope.
        parsed = ipaddress.ip_address(address.split("%")[0])
        if self.allows(str(parsed), port):
            return
        if not parsed.is_global or any(parsed in network for network in _FORBIDDEN if network.version == parsed.version):
            raise FetchError(url, "blocked_address", f"{parsed} is not a public address")
        if not self.public:
            raise FetchError(url, "no_contact", "IGWIRE_CONTACT is not set: publishers must be able to reach whoever runs this robot")

    def allows(self, address: str, port: int) -> bool:
        """True when `allow` names this address."""
        parsed = ipaddress.ip_address(address)
        return (str(parsed), port) in self._pairs or any(parsed in network for network in self._networks if network.version == parsed.version)
