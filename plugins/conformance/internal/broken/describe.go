package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

// Describe implements sdk.Plugin.
func (b *base) Describe(context.Context) (*sdk.Description, error) {
	b.mu.Lock()
	b.described++
	calls, configured := b.described, len(b.instances) > 0
	b.mu.Unlock()
	d := *b.description
	d.Texts = map[string]map[string]string{}
	for locale, texts := range b.description.Texts {
		d.Texts[locale] = maps.Clone(texts)
	}
	d.Methods = slices.Clone(d.Methods)
	text := func(locale, key, value string) {
		if d.Texts[locale] == nil {
			d.Texts[locale] = map[string]string{}
		}
		d.Texts[locale][key] = value
	}
	switch b.bad {
	case "describe.answers slowly":
		time.Sleep(2500 * time.Millisecond)
	case "describe.answers with an error":
		return nil, sdk.Unavailable(fmt.Errorf("not now"))
	case "describe.valid name":
		d.Name = "Broken Plugin"
	case "describe.valid version":
		d.Version = "latest"
	case "describe.stable calls":
		d.Version = fmt.Sprintf("1.0.%d", calls)
	case "describe.stable processes":
		d.Version = fmt.Sprintf("1.0.%d", time.Now().UnixNano())
	case "describe.stable configuration":
		if configured {
			d.StateVersion++
		}
	case "describe.offline":
		if err := dialSelf(); err != nil {
			return nil, sdk.Unavailable(err)
		}
	case "describe.english title":
		d.Methods[0].Title = "there.is.no.such.text"
	case "describe.english none":
		text("it", "only.italian", "Solo in italiano")
	case "describe.locales missing":
		text("en", "only.english", "Only in English")
		text("en", "x", "X")
		text("it", "x", "X")
	case "describe.locales empty":
		text("en", "x", "X")
		text("it", "x", " ")
	case "describe.markup":
		text("en", "x", "Press <b>here</b>")
		text("it", "x", "Premere <b>qui</b>")
	case "describe.markup direction":
		text("en", "x", "Press \u202ehere")
		text("it", "x", "Premere qui")
	case "describe.parameters":
		text("en", "x", "Hello {name}")
		text("it", "x", "Salve {nome}")
	case "describe.schema not a schema":
		d.ConfigSchema = []byte(strings.Replace(schema, `"minLength": 1`, `"minLength": "one"`, 1))
	case "describe.schema open":
		d.ConfigSchema = []byte(strings.Replace(schema, `"additionalProperties": false,`, "", 1))
	case "describe.schema elsewhere":
		d.ConfigSchema = []byte(strings.Replace(schema, `"minLength": 1`, `"$ref": "https://bank.test/schema.json"`, 1))
	case "describe.secrets":
		d.ConfigSchema = []byte(strings.Replace(schema, `, "writeOnly": true`, "", 1))
	}
	return &d, nil
}

// dialSelf needs a loopback interface, as a back end would need a network.
func dialSelf() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer l.Close()
	c, err := net.DialTimeout("tcp", l.Addr().String(), time.Second)
	if err != nil {
		return err
	}
	return c.Close()
}
