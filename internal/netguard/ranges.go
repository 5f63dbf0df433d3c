package netguard

import "net/netip"

// ranges are the addresses that are not public, from the IANA registries of special-purpose addresses for IPv4 and
// IPv6, and what reaches back inside: translations, tunnels, one cloud's host agent.
var ranges = []struct {
	prefix netip.Prefix
	why    string
}{
	{netip.MustParsePrefix("0.0.0.0/8"), "this network, RFC 791"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private, RFC 1918"},
	{netip.MustParsePrefix("100.64.0.0/10"), "shared by carriers, RFC 6598"},
	{netip.MustParsePrefix("127.0.0.0/8"), "this machine, RFC 1122"},
	{netip.MustParsePrefix("168.63.129.16/32"), "the host agent of Azure"},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local, and the metadata of clouds, RFC 3927"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private, RFC 1918"},
	{netip.MustParsePrefix("192.0.0.0/24"), "protocol assignments, RFC 6890"},
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation, RFC 5737"},
	{netip.MustParsePrefix("192.88.99.0/24"), "6to4 relay, RFC 7526"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private, RFC 1918"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarks, RFC 2544"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation, RFC 5737"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation, RFC 5737"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast, RFC 5771"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved and broadcast, RFC 1112"},
	{netip.MustParsePrefix("::/96"), "unspecified, this machine, and IPv4 in an old form, RFC 4291"},
	{netip.MustParsePrefix("64:ff9b::/96"), "translation to IPv4, RFC 6052"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "local translation to IPv4, RFC 8215"},
	{netip.MustParsePrefix("100::/64"), "discarded, RFC 6666"},
	{netip.MustParsePrefix("2001::/23"), "protocol assignments, Teredo among them, RFC 2928"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation, RFC 3849"},
	{netip.MustParsePrefix("2002::/16"), "6to4, RFC 3056"},
	{netip.MustParsePrefix("3fff::/20"), "documentation, RFC 9637"},
	{netip.MustParsePrefix("5f00::/16"), "segment routing, RFC 9602"},
	{netip.MustParsePrefix("fc00::/7"), "private, RFC 4193"},
	{netip.MustParsePrefix("fe80::/10"), "link-local, RFC 4291"},
	{netip.MustParsePrefix("fec0::/10"), "site-local, RFC 3879"},
	{netip.MustParsePrefix("ff00::/8"), "multicast, RFC 4291"},
	// Public IPv6 addresses are all in 2000::/3; the rest is not given out.
	{netip.MustParsePrefix("::/3"), "not given out, RFC 4291"},
	{netip.MustParsePrefix("4000::/2"), "not given out, RFC 4291"},
	{netip.MustParsePrefix("8000::/1"), "not given out, RFC 4291"},
}

// denied tells why an address, unmapped and without a zone, is not public.
func denied(addr netip.Addr) (why string, ok bool) {
	for _, r := range ranges {
		if r.prefix.Contains(addr) {
			return r.why, true
		}
	}
	return "", false
}
