package main

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.step.sm/crypto/kms/apiv1"

	"github.com/varco-id/varco/plugins/sdk"
)

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	// URI names the KMS: softkms:, awskms:region=…, cloudkms:.
	URI string `json:"uri"`
	// CredentialsFile is the absolute path of what proves to the cloud who asks; without it, the machine's own identity does.
	CredentialsFile string `json:"credentials_file"`
	// AuthenticationKey is 32 bytes in base64, beside the key in the KMS: without it, no blob can be made that opens.
	AuthenticationKey string `json:"authentication_key"`

	authentication []byte
}

//go:embed config.schema.json
var configSchema []byte

// offered are the KMSes that decrypt with RSA and need no cgo.
var offered = []apiv1.Type{apiv1.SoftKMS, apiv1.AmazonKMS, apiv1.CloudKMS}

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	var c Config
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, []sdk.Problem{{Message: fmt.Sprintf("give a JSON object with the settings of docs/plugins/kms.md: %v", err)}}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Config{}, []sdk.Problem{{Message: "there is more after the object"}}
	}
	var problems []sdk.Problem
	// The library's own errors would repeat the URI; it also takes one without a scheme for softkms.
	typ, err := apiv1.TypeOf(c.URI)
	if err != nil || !slices.Contains(offered, typ) || !strings.Contains(c.URI, ":") {
		problems = append(problems, sdk.Problem{Pointer: "/uri", Message: "write softkms:, awskms:region=REGION or cloudkms:"})
	}
	if c.CredentialsFile != "" && !filepath.IsAbs(c.CredentialsFile) {
		problems = append(problems, sdk.Problem{Pointer: "/credentials_file", Message: "give the absolute path of a file"})
	}
	if c.AuthenticationKey != "" {
		c.authentication, err = base64.StdEncoding.DecodeString(strings.TrimSpace(c.AuthenticationKey))
		if err != nil || len(c.authentication) != 32 { // the decoder's error would quote the key
			problems = append(problems, sdk.Problem{Pointer: "/authentication_key", Message: "this must be 32 bytes in base64: make one with `openssl rand -base64 32`"})
		}
	}
	return c, problems
}
