package provider

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

func (k *checker) issuer() {
	const example = "write it like https://login.bank.example"
	c := k.c
	if c.Issuer == "" {
		k.wrong("issuer", "the issuer is missing", example)
		return
	}
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		k.wrong("issuer", strconv.Quote(c.Issuer)+" is not a URL", example)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(c.Issuer, "#"):
		k.wrong("issuer", "an issuer has no user, query or fragment (OpenID Connect Discovery 1.0, 4.3)", example)
	case strings.HasSuffix(u.Path, "/"):
		k.wrong("issuer", "relying parties compare the issuer character by character: it must not end with /", "remove the last /")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		k.wrong("issuer", "http would show passwords and tokens to the network", "use https; http works on a loopback address with development: true")
	case u.Scheme == "http" && !c.Development:
		k.wrong("issuer", "http needs development: true", "use https in production")
	case u.Scheme != "http" && u.Scheme != "https":
		k.wrong("issuer", "the scheme must be https", example)
	}
}

func loopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

func (k *checker) network() {
	c := k.c
	k.address("listen", c.Listen)
	if c.MetricsListen != "" {
		k.address("metrics_listen", c.MetricsListen)
		if c.MetricsListen == c.Listen {
			k.wrong("metrics_listen", "this is the address of the public listener", "take another port")
		}
	}
	for i, p := range c.TrustedProxies {
		key := fmt.Sprintf("trusted_proxies[%d]", i)
		prefix, err := netip.ParsePrefix(p)
		switch {
		case err != nil:
			k.wrong(key, strconv.Quote(p)+" is not a CIDR prefix", "write it like 10.0.0.0/8, or 10.0.0.7/32 for one address")
		case prefix.Bits() == 0:
			k.wrong(key, "this trusts the whole internet to say where requests come from", "name the proxies' own network")
		}
	}
	if c.TLS != nil {
		if c.TLS.Cert == "" {
			k.wrong("tls.cert", "the certificate is missing", "name a PEM file, or remove tls and terminate it in a proxy")
		}
		if c.TLS.Key == "" {
			k.wrong("tls.key", "the private key is missing", "name a PEM file")
		}
	}
}

func (k *checker) address(key, address string) {
	_, port, err := net.SplitHostPort(address)
	if n, perr := strconv.Atoi(port); err != nil || perr != nil || n < 0 || n > 65535 {
		k.wrong(key, strconv.Quote(address)+" is not an address to listen on", "write host:port, like 127.0.0.1:8080 or :8080")
	}
}

// issuerURL is the issuer, parsed; Check has seen that it can be.
func (c *Config) issuerURL() *url.URL {
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return &url.URL{}
	}
	return u
}
