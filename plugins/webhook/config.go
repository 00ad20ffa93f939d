package webhook

import (
	_ "embed"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/varco-id/varco/plugins/internal/httpsend"
	"github.com/varco-id/varco/plugins/sdk"
)

//go:embed config.schema.json
var configSchema []byte

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	URL     string   `json:"url"`
	Kinds   []string `json:"kinds"`   // that the gateway takes
	Timeout string   `json:"timeout"` // of one message
	httpsend.TLS
	Bearer     string `json:"bearer"`
	SigningKey string `json:"signing_key"`
	ReceiptKey string `json:"receipt_key"`
	HealthURL  string `json:"health_url"`
}

const minKey = 32 // characters

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	c := Config{Kinds: slices.Clone(kinds), Timeout: "5s"}
	if problems := sdk.DecodeConfig(raw, &c); len(problems) > 0 {
		return c, problems
	}
	return c, c.problems()
}

func (c *Config) problems() []sdk.Problem {
	var found []sdk.Problem
	wrong := func(bad bool, pointer, message string) {
		if bad {
			found = append(found, sdk.Problem{Pointer: pointer, Message: message})
		}
	}
	const url = "give an https URL without user, query or fragment; http only for this machine itself"
	wrong(!httpsend.GoodURL(c.URL), "/url", url)
	wrong(c.HealthURL != "" && !httpsend.GoodURL(c.HealthURL), "/health_url", url)
	wrong(len(c.Kinds) == 0, "/kinds", "give at least one of sms, email, voice and push")
	for i, k := range c.Kinds {
		wrong(!slices.Contains(kinds, k), "/kinds/"+strconv.Itoa(i), "give sms, email, voice or push")
	}
	d, err := time.ParseDuration(c.Timeout)
	wrong(err != nil || d < 100*time.Millisecond || d > 9*time.Second, "/timeout", "give a duration from 100ms to 9s")
	for _, f := range []struct{ pointer, file string }{
		{"/ca_file", c.CAFile}, {"/client_certificate_file", c.ClientCertificateFile}, {"/client_key_file", c.ClientKeyFile},
	} {
		wrong(f.file != "" && !filepath.IsAbs(f.file), f.pointer, "give the absolute path of a file")
	}
	const key = "give at least 32 characters, made by a machine"
	wrong(c.SigningKey == "", "/signing_key", "this is missing: without it the gateway would send whatever anybody asks it to")
	wrong(c.SigningKey != "" && len(c.SigningKey) < minKey, "/signing_key", key)
	wrong(c.ReceiptKey != "" && len(c.ReceiptKey) < minKey, "/receipt_key", key)
	wrong(c.ReceiptKey != "" && c.ReceiptKey == c.SigningKey, "/receipt_key", "give another key than signing_key: each way has its own")
	return found
}
