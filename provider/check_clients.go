package provider

import (
	"fmt"
)

func (k *checker) clients() {
	seen := map[string]bool{}
	for i, cl := range k.c.Clients {
		key := fmt.Sprintf("clients[%d]", i)
		if seen[cl.ClientID] && cl.ClientID != "" {
			k.wrong(key+".client_id", "this client_id is there twice", "")
		}
		seen[cl.ClientID] = true
		if count(cl.SecretFile, cl.SecretEnv) > 1 {
			k.wrong(key+".secret_env", "secret_file and secret_env are both given", "keep one")
		}
		for _, at := range [][2]string{{"acr_default", cl.ACRDefault}, {"acr_minimum", cl.ACRMinimum}} {
			if at[1] != "" {
				k.acr(join(key, at[0]), at[1])
			}
		}
	}
}
