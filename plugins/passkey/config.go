package passkey

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/varco-id/varco/plugins/sdk"
)

// Config is the configuration of an instance. Its JSON Schema is config.schema.json; a member that is left out has its default.
type Config struct {
	// RPName is what some authenticators show beside the account, at most 64 characters; default: the domain of the sign-in page.
	RPName string `json:"rp_name"`
	// AllowSynced lets keys be used that are copied to other devices of their owner (backup eligible); default true.
	AllowSynced bool `json:"allow_synced"`
	// Attestation is none or direct; default none.
	Attestation string `json:"attestation"`
	// AllowedAAGUIDs are the models that may be used, with direct.
	AllowedAAGUIDs []string `json:"allowed_aaguids"`
	// AttestationRootsFile is the absolute path of a PEM file with the roots that an attestation must lead to, with direct.
	AttestationRootsFile string `json:"attestation_roots_file"`
}

// The values of Config.Attestation.
const (
	attestationNone   = "none"
	attestationDirect = "direct"
)

const maxName = 64

// instance is a configuration in force.
type instance struct {
	Config
	models *models // nil: any
}

func parseConfig(raw []byte) (instance, []sdk.Problem) {
	i := instance{Config: Config{AllowSynced: true, Attestation: attestationNone}}
	if problems := sdk.DecodeConfig(raw, &i.Config); len(problems) > 0 {
		return instance{}, problems
	}
	var found []sdk.Problem
	add := func(pointer, format string, args ...any) {
		found = append(found, sdk.Problem{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
	}
	if utf8.RuneCountInString(i.RPName) > maxName {
		add("/rp_name", "give at most %d characters", maxName)
	}
	switch i.Attestation {
	case attestationNone:
		// A list that nothing enforces is one that the operator believes in: a browser can claim any model.
		if len(i.AllowedAAGUIDs) > 0 {
			add("/allowed_aaguids", "set attestation to direct: without it, any browser can claim any model")
		}
		if i.AttestationRootsFile != "" {
			add("/attestation_roots_file", "set attestation to direct, or leave this out")
		}
	case attestationDirect:
		i.models = &models{allowed: map[uuid.UUID]bool{}}
		if len(i.AllowedAAGUIDs) == 0 {
			add("/allowed_aaguids", "name the models that may be used")
		}
		for n, s := range i.AllowedAAGUIDs {
			id, err := uuid.Parse(s)
			if err != nil || id == uuid.Nil {
				add(fmt.Sprintf("/allowed_aaguids/%d", n), "give an AAGUID like ee882879-721c-4913-9775-3dfcce97072a")
			}
			i.models.allowed[id] = true
		}
		roots, err := readRoots(i.AttestationRootsFile)
		if err != nil {
			add("/attestation_roots_file", "%v", err)
		}
		i.models.roots = roots
	default:
		add("/attestation", "give none or direct")
	}
	return i, found
}

func readRoots(path string) ([]*x509.Certificate, error) {
	if !filepath.IsAbs(path) {
		return nil, errors.New("give the absolute path of a PEM file with the makers' root certificates")
	}
	rest, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.New("the file cannot be read: check that it is there and may be read by the server's user")
	}
	var roots []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("entry %d of the file is not a certificate", len(roots)+1)
		}
		roots = append(roots, c)
	}
	if len(roots) == 0 {
		return nil, errors.New("there is no certificate in the file")
	}
	return roots, nil
}
