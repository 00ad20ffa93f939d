package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/varco-id/varco/provider/internal/relyingparty"
)

func (k *checker) clients() {
	seen := map[string]bool{}
	for i, cl := range k.c.Clients {
		key := fmt.Sprintf("clients[%d]", i)
		if seen[cl.ClientID] && cl.ClientID != "" {
			k.wrong(key+".client_id", "this client_id is there twice", "keep one")
		}
		seen[cl.ClientID] = true
		k.registration(key, cl)
		k.clientSecret(key, cl)
		for _, at := range [][2]string{{"acr_default", cl.ACRDefault}, {"acr_minimum", cl.ACRMinimum}} {
			if at[1] != "" {
				k.acr(join(key, at[0]), at[1])
			}
		}
	}
}

// registration holds the settings against the rules of every registration.
func (k *checker) registration(key string, cl Client) {
	var invalid *relyingparty.InvalidError
	if !errors.As(relyingparty.Validate(cl.RelyingParty, nil), &invalid) {
		return
	}
	slices.SortStableFunc(invalid.Problems, func(a, b relyingparty.Problem) int { return strings.Compare(a.Field, b.Field) })
	for _, p := range invalid.Problems {
		k.wrong(join(key, p.Field), "this "+p.Message, "")
	}
}

// clientSecret wants the secret to come from outside the file. One made by the server at start would be shown to nobody.
func (k *checker) clientSecret(key string, cl Client) {
	given := count(cl.SecretFile, cl.SecretEnv)
	switch {
	case given == 2:
		k.wrong(key+".secret_env", "secret_file and secret_env are both given", "keep one")
	case given == 0 && cl.UsesSecret():
		k.wrong(key, "the relying party authenticates with a secret, and none is given",
			"write it to a file (`openssl rand -base64 32`) named in secret_file, or choose another token_endpoint_auth_method")
	case given == 1 && !cl.UsesSecret():
		k.wrong(key, "a relying party with token_endpoint_auth_method "+string(cl.AuthMethod())+" has no secret", "remove secret_file and secret_env")
	}
}
