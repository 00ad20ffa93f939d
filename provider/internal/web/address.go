package web

import (
	"net/http"
	"net/netip"
	"strings"
)

// ClientAddress returns the address of the client, without port, "" when it is unknown.
//
// X-Forwarded-For is a list that every hop appends to, and its left end is whatever the client wrote: whoever trusted it could
// guess passwords from a new address each time, or have a victim's address throttled. So the header counts only when the
// connection comes from a configured proxy, and is read from the right: the first address that is not a trusted proxy is the
// client's, since the proxy next to us wrote it.
func (h *Handler) ClientAddress(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	address := peer.Addr().Unmap().WithZone("")
	if !h.trusted(address) {
		return address.String()
	}
	// Several header lines are one list (RFC 9110 section 5.2).
	rest := strings.Join(r.Header.Values("X-Forwarded-For"), ",")
	for hops := 0; rest != "" && hops < 16; hops++ {
		last := rest
		if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
			last, rest = rest[comma+1:], rest[:comma]
		} else {
			rest = ""
		}
		hop, err := parseHop(strings.TrimSpace(last))
		if err != nil {
			return address.String() // a trusted proxy wrote nonsense: what stands left of it is worth nothing
		}
		address = hop
		if !h.trusted(address) {
			return address.String()
		}
	}
	return address.String()
}

// parseHop reads an address with or without a port: some proxies write one.
func parseHop(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(strings.Trim(s, "[]"))
	if err != nil {
		var p netip.AddrPort
		if p, err = netip.ParseAddrPort(s); err != nil {
			return netip.Addr{}, err
		}
		a = p.Addr()
	}
	return a.Unmap().WithZone(""), nil
}

func (h *Handler) trusted(a netip.Addr) bool {
	for _, p := range h.opt.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
