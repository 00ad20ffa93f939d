package provider

import (
	"bytes"
	"fmt"
	"os"
)

// maxSecret is the most bytes of a secret in a file.
const maxSecret = 64 << 10

// Secret says where a secret is; exactly one of its fields is set.
type Secret struct {
	// File that holds it.
	File string `json:"file,omitempty"`
	// Environment variable that holds it.
	Env string `json:"env,omitempty"`
}

// read returns the secret without the newline that editors and `echo` leave at its end.
func (c *Config) read(s Secret) ([]byte, error) {
	switch {
	case s.File != "":
		b, err := os.ReadFile(c.Path(s.File))
		if err != nil {
			return nil, fmt.Errorf("the secret cannot be read: %w", err)
		}
		if b = bytes.TrimRight(b, "\r\n"); len(b) == 0 || len(b) > maxSecret {
			return nil, fmt.Errorf("the file %s is empty or too large for a secret", c.Path(s.File))
		}
		return b, nil
	case s.Env != "":
		if v := c.source.environ[s.Env]; v != "" {
			return []byte(v), nil
		}
		return nil, fmt.Errorf("the environment variable %s is empty", s.Env)
	}
	return nil, fmt.Errorf("neither a file nor an environment variable is given")
}
