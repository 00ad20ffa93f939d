package provider

import (
	"fmt"
	"net/url"
	"slices"
)

func (k *checker) database() {
	d := k.c.Database
	if d.URL != "" && d.URLFile != "" {
		k.wrong("database.url_file", "url and url_file are both given", "keep one")
	}
	if d.URL != "" {
		u, err := url.Parse(d.URL)
		switch {
		case err != nil: // the parser's text would repeat a password
			k.wrong("database.url", "this is not a URL", "write postgres://USER@HOST/NAME or sqlite:FILE; %-escape signs that a URL does not allow")
		case !slices.Contains([]string{"postgres", "postgresql", "sqlite"}, u.Scheme):
			k.wrong("database.url", "this database is not supported", "write postgres://USER@HOST/NAME or sqlite:FILE")
		default:
			if _, secret := u.User.Password(); (secret || u.Query().Has("password")) && k.written("database.url") && !k.c.Development {
				k.wrong("database.url", "a password in clear text in the file", "move the URL to a file and name it in url_file, or to VARCO_DATABASE__URL")
			}
		}
	}
	if d.MaxConns < 1 || d.MaxConns > 1000 {
		k.wrong("database.max_conns", "this must be between 1 and 1000", "PostgreSQL's own max_connections bounds the sum over all replicas")
	}
	if k.c.DataDir == "" {
		k.wrong("data_dir", "the data folder is missing", "name a folder that belongs to this process alone")
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
			k.wrong(key, "exactly one of file and env must be given", hint)
		case kek.KMS != "":
			k.wrong(key+".kms", "key services are not available yet", "use file or env")
		}
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
