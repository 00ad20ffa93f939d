package provider

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (k *checker) database() {
	d := k.c.Database
	k.databaseURL("database.url", d.URL, d.URLFile, "postgres", "postgresql", "sqlite")
	k.databaseURL("database.listen_url", d.ListenURL, d.ListenURLFile, "postgres", "postgresql")
	if d.MaxConns < 1 || d.MaxConns > 1000 {
		k.wrong("database.max_conns", "this must be between 1 and 1000", "PostgreSQL's own max_connections bounds the sum over all replicas")
	}
	if k.c.DataDir == "" {
		k.wrong("data_dir", "the data folder is missing", "name a folder that belongs to this process alone")
	}
}

func (k *checker) databaseURL(key, value, file string, schemes ...string) {
	const form = "write postgres://USER@HOST/NAME or sqlite:FILE"
	if value != "" && file != "" {
		k.wrong(key+"_file", "the URL and a file of it are both given", "keep one")
	}
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	if err != nil { // the parser's text would repeat a password
		k.wrong(key, "this is not a URL", form+"; %-escape signs that a URL does not allow")
		return
	}
	_, password := u.User.Password()
	switch {
	case !slices.Contains(schemes, u.Scheme):
		k.wrong(key, "this database is not supported", form)
	case (password || u.Query().Has("password")) && k.written(key) && !k.c.Development:
		k.wrong(key, "a password in clear text in the file", "move the URL to a file and name that in "+key[len("database."):]+"_file, or use the environment")
	}
}

func (k *checker) sealing() {
	const hint = "make one with `openssl rand -base64 32 > kek.key && chmod 600 kek.key` and write sealing: {kek: [{file: kek.key}]}"
	if len(k.c.Sealing.KEK) == 0 {
		k.wrong("sealing.kek", "there is no key-encryption key", hint)
	}
	for i, kek := range k.c.Sealing.KEK {
		key := fmt.Sprintf("sealing.kek[%d]", i)
		switch given := count(kek.File, kek.Env, kek.KMS); {
		case given != 1:
			k.wrong(key, "exactly one of file, env and kms must be given", hint)
		case kek.KMS != "":
			k.keyService(key+".kms", kek.KMS)
		}
	}
}

// keyService checks "INSTANCE/KEY-ID". Whether the plugin is a key service, and has the key, only its process knows.
func (k *checker) keyService(key, ref string) {
	instance, id, ok := strings.Cut(ref, "/")
	p, configured := k.c.Plugins[instance]
	switch {
	case !ok || instance == "" || id == "":
		k.wrong(key, strconv.Quote(ref)+" does not name a key", "write INSTANCE/KEY-ID: an instance in plugins, and its name for the key")
	case !configured:
		k.wrong(key, fmt.Sprintf("there is no plugin %q", instance), "add it to plugins; docs/plugins/kms.md shows how")
	case len(p.Command) == 0:
		k.wrong(key, fmt.Sprintf("the bundled plugin %q keeps no keys", p.Name(instance)), "name an instance of a key service such as varco-kms; docs/plugins/kms.md shows how")
	}
}

func count(values ...string) (n int) {
	for _, v := range values {
		if v != "" {
			n++
		}
	}
	return n
}
