package provider

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	_ "time/tzdata" // an image without files knows no time zones

	"golang.org/x/mod/sumdb/note"
)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

func (k *checker) brand() {
	b := k.c.Brand
	for _, at := range [][2]string{{"brand.colours.accent", b.Colours.Accent}, {"brand.colours.accent_dark", b.Colours.AccentDark}} {
		if at[1] != "" && !colour.MatchString(at[1]) {
			k.wrong(at[0], strconv.Quote(at[1])+" is not a colour", `write it like "#0b5fff", in quotes`)
		}
	}
	if b.Name == "" || len(b.Name) > 80 {
		k.wrong("brand.name", "the name has between 1 and 80 bytes", "")
	}
	if b.Support != "" {
		if u, err := url.Parse(b.Support); err != nil || !slices.Contains([]string{"https", "tel"}, u.Scheme) {
			k.wrong("brand.support", "this must be an https URL, or tel: and a number", "write it like https://bank.example/help or tel:+39021234567")
		}
	}
	if b.Logo != "" {
		switch info, err := os.Stat(k.c.Path(b.Logo)); {
		case err != nil:
			k.wrong("brand.logo", "the file cannot be read: "+err.Error(), "the path starts at the folder of the configuration")
		case info.Size() > 256<<10:
			k.wrong("brand.logo", "the file is larger than 256 KiB", "everybody who signs in loads it: make it smaller")
		}
	}
	for _, l := range slices.Sorted(maps.Keys(b.Texts)) {
		if !slices.Contains(k.c.Locales, l) {
			k.wrong("brand.texts."+l, "this language is not among locales", "the locales are "+strings.Join(k.c.Locales, ", "))
		}
	}
}

func (k *checker) rest() {
	c := k.c
	if len(c.Locales) == 0 {
		k.wrong("locales", "there is no language", "write [it, en]")
	}
	for i, l := range c.Locales {
		if l != "en" && l != "it" {
			k.wrong(fmt.Sprintf("locales[%d]", i), "there are no pages in "+strconv.Quote(l), "the languages are en and it")
		}
	}
	if _, err := time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "" {
		k.wrong("time_zone", "there is no time zone "+strconv.Quote(c.TimeZone), "write it like Europe/Rome")
	}
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	if e := c.Tracing.OTLPEndpoint; e != "" {
		if u, err := url.Parse(e); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			k.wrong("tracing.otlp_endpoint", "this must be an http or https URL", "write it like https://otel.internal:4318")
		}
	}
	if s := c.Audit.CheckpointKey; s != nil && count(s.File, s.Env) != 1 {
		k.wrong("audit.checkpoint_key", "exactly one of file and env must be given", "")
	}
	for i, key := range c.Audit.FormerKeys {
		if _, err := note.NewVerifier(key); err != nil {
			k.wrong(fmt.Sprintf("audit.former_keys[%d]", i), "this is not a public key of an audit log", "copy the output of `varco audit key`")
		}
	}
	if strings.ContainsAny(c.Audit.Origin, "+ \t\n") {
		k.wrong("audit.origin", "the name of a log has neither spaces nor +", "write it like login.bank.example")
	}
}

func (k *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.wrong(key, "there is no "+strconv.Quote(value), "write "+strings.Join(allowed, ", "))
	}
}
