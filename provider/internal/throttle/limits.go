package throttle

import (
	"net/netip"
	"time"
)

// Limits is the operator's part of the configuration. RTS article 4(3)(b): at most five failures in a row, over all
// factors together.
type Limits struct {
	MaxFailures     int           // consecutive failures until a temporary block; 5
	Block           time.Duration // the first temporary block; each further one is twice as long; 15 min
	MaxBlock        time.Duration // longest temporary block; 24 h
	LastingAfter    int           // temporary blocks in a row, provoked by somebody who proved a factor, until the lasting one; 3
	AddressFailures int           // failures of one address within AddressWindow, whoever they were aimed at; 100
	AddressWindow   time.Duration // 10 min
}

// forget is how long a run of failures is remembered without another.
const forget = 24 * time.Hour

// Defaults are safe for production.
func Defaults() Limits {
	return Limits{MaxFailures: 5, Block: 15 * time.Minute, MaxBlock: 24 * time.Hour, LastingAfter: 3,
		AddressFailures: 100, AddressWindow: 10 * time.Minute}
}

// BlockedUntil returns when a try is allowed again; zero when it is allowed now.
func (l Limits) BlockedUntil(c Counter, now time.Time) time.Time {
	if now.Before(c.BlockedUntil) {
		return c.BlockedUntil
	}
	return time.Time{}
}

// AddressBlocked says whether an address has failed too often. Addresses are shared (an office, a mobile network), so the
// limit is wide and known browsers are not held to it.
func (l Limits) AddressBlocked(c Counter, now time.Time) bool {
	return c.Failures >= l.AddressFailures && now.Sub(c.FailedAt) < l.AddressWindow
}

// Consequence is what one more failure led to.
type Consequence struct {
	Left         int       // failures left until the next block
	BlockedUntil time.Time // set when this failure blocked
	Lasting      bool      // this failure blocks until the bank lifts it
	LastingNext  bool      // the next block will be the lasting one: warn
}

// Fail counts one failure. known says that whoever failed is no stranger: they proved a factor in this login, or their
// browser completed one before. Only then can blocks become lasting, so that nobody who merely knows a user name can
// lock its owner out for good (RTS article 4(3)(b), last sentence; NIST SP 800-63B-4 section 3.2.2).
//
// Failures that no further one followed for a day are forgotten: somebody who signs in with one factor for months must not be
// blocked for five slips, since only a login with all their factors forgets failures at once.
func (l Limits) Fail(c Counter, now time.Time, known bool) (Counter, Consequence) {
	if now.Sub(c.FailedAt) > forget {
		c.Failures = 0
	}
	c.Failures++
	c.FailedAt = now
	if c.Failures < l.MaxFailures {
		lasting := known && c.Blocks+1 >= l.LastingAfter
		return c, Consequence{Left: l.MaxFailures - c.Failures, LastingNext: lasting && c.Failures == l.MaxFailures-1}
	}
	c.Failures = 0
	c.Blocks++
	if known && c.Blocks >= l.LastingAfter {
		c.Blocks = 0
		return c, Consequence{Lasting: true}
	}
	d := min(l.Block<<min(c.Blocks-1, 16), l.MaxBlock)
	c.BlockedUntil = now.Add(d)
	return c, Consequence{BlockedUntil: c.BlockedUntil}
}

// Succeed forgets the failures after a completed login; changed is false when there was nothing to forget.
func (l Limits) Succeed(c Counter) (_ Counter, changed bool) {
	if c.Failures == 0 && c.Blocks == 0 && c.BlockedUntil.IsZero() {
		return c, false
	}
	return Counter{Key: c.Key, Version: c.Version, FailedAt: c.FailedAt}, true
}

// SubjectKey, BrowserKey, NameKey and AddressKey name the counters.
func SubjectKey(sub string) string { return "s:" + sub }

// BrowserKey is the counter of a browser that completed a login before.
func BrowserKey(id string) string { return "b:" + id }

// NameKey is the counter of a submitted name that does not exist; the name is given as a MAC, since people type
// passwords into the wrong field.
func NameKey(mac string) string { return "n:" + mac }

// AddressKey is the counter of a network address: an IPv4 address, or the /64 that one IPv6 subscriber holds.
func AddressKey(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return "a:unknown"
	}
	a = a.Unmap()
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return "a:" + p.Masked().String()
		}
	}
	return "a:" + a.String()
}
