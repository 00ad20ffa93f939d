package provider

import (
	"fmt"
	"strings"
	"time"
)

// span is the least and the most of a duration that makes sense.
type span struct {
	key        string
	value      Duration
	least, max time.Duration
}

func (k *checker) times() {
	c := k.c
	for _, s := range []span{
		{"session.inactivity", c.Session.Inactivity, 30 * time.Second, 24 * time.Hour},
		{"session.absolute", c.Session.Absolute, time.Minute, 30 * 24 * time.Hour},
		{"throttle.block", c.Throttle.Block, time.Second, 24 * time.Hour},
		{"throttle.max_block", c.Throttle.MaxBlock, time.Second, 30 * 24 * time.Hour},
		{"throttle.address_window", c.Throttle.AddressWindow, time.Second, 24 * time.Hour},
		{"signing_keys.rotate", c.SigningKeys.Rotate, time.Hour, 2 * 365 * 24 * time.Hour},
		{"signing_keys.publish_ahead", c.SigningKeys.PublishAhead, time.Minute, 30 * 24 * time.Hour},
	} {
		if d := time.Duration(s.value); d < s.least || d > s.max {
			k.wrong(s.key, fmt.Sprintf("%s is outside %s to %s", short(d), short(s.least), short(s.max)), "")
		}
	}
	if c.Session.Absolute < c.Session.Inactivity {
		k.wrong("session.absolute", "this is shorter than session.inactivity", "")
	}
	if c.Throttle.MaxBlock < c.Throttle.Block {
		k.wrong("throttle.max_block", "this is shorter than throttle.block", "")
	}
	if c.SigningKeys.PublishAhead >= c.SigningKeys.Rotate {
		k.wrong("signing_keys.publish_ahead", "a key must be published for less time than the one before it signs", "make it shorter than signing_keys.rotate")
	}
	if f := c.Throttle.MaxFailures; f < 1 || f > 5 {
		k.wrong("throttle.max_failures", "this must be between 1 and 5 (RTS article 4(3)(b))", "")
	}
	for _, at := range []struct {
		key   string
		value int
	}{
		{"throttle.lasting_after", c.Throttle.LastingAfter},
		{"throttle.address_failures", c.Throttle.AddressFailures},
		{"throttle.per_second", c.Throttle.PerSecond},
		{"throttle.starts_per_address", c.Throttle.StartsPerAddress},
	} {
		if at.value < 1 {
			k.wrong(at.key, "this must be at least 1", "")
		}
	}
}

// short writes a duration without its zero parts: 5m rather than 5m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
