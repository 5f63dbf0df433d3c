package control

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress is the address of the browser. Where the request comes from a machine of ours, which may be a proxy, it is
// the one that this machine says it took the request from. It is the zero address where it is not known.
func ClientAddress(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	address := peer.Addr().Unmap()
	if !address.IsLoopback() && !address.IsPrivate() {
		return address
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	if told, err := netip.ParseAddr(strings.TrimSpace(hops[len(hops)-1])); err == nil {
		return told.Unmap()
	}
	return address
}
