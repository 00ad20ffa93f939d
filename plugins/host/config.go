package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"

	"github.com/varco-id/varco/plugins/sdk"
)

// InstanceConfig is one configured plugin: each instance is a process of its own, so that its secrets, its back end and
// its crashes stay there.
type InstanceConfig struct {
	ID      string   // lower-case letters, digits and hyphens
	Plugin  string   // the name of a bundled plugin; or
	Command []string // an external one: absolute path and arguments
	SHA256  string   // hex digest of Command[0]; required unless there is a Manifest, or Options.AllowUnpinned
	// Manifest lists the digests of everything an interpreted plugin consists of, the interpreter among it: the absolute path of
	// a file in the form of sha256sum. What runs is a private copy of what it lists; SHA256 is then the manifest's own digest.
	Manifest string

	Config     []byte            // JSON, secrets filled in; empty means {}
	AMR        []string          // the operator's ceiling; empty means what the plugin claims
	Attributes []string          // subject attributes it may see
	Keys       map[string][]byte // instance keys by name, beside those of Options.Keys
	Env        []string          // NAME=value, beside the few names every plugin gets
	Limits     Limits
	// Texts are the operator's words for the plugin's: locale → key → text. Describe returns them in the place of its own; what
	// the plugin has no text for is left out.
	Texts map[string]map[string]string
}

// Options say what to host. The zero value of a field is a safe default.
type Options struct {
	Instances  []InstanceConfig
	Dir        string // private directory for sockets, created if missing; empty: a temporary one
	Executable string // bundled plugins run "Executable plugin serve NAME"; empty: the running binary
	// AllowUnpinned lets an external plugin run without a digest: for development, and for interpreted plugins, whose
	// own files a digest of the interpreter says nothing about.
	AllowUnpinned bool
	// Readable returns the highest state version of an instance that every live replica can read; own is what this one
	// can. It is asked at every call and must not block. Nil: there are no others.
	Readable func(instance string, own uint32) uint32
	Log      *slog.Logger
	Report   Reporter
	// Keys returns the keys an instance asks for (sdk.Description.InstanceKeys) by name, made when they do not exist yet: the
	// same on every replica. It is called between Describe and Configure, with a deadline. Nil: an instance that asks for
	// keys cannot start unless InstanceConfig.Keys has them.
	Keys        func(ctx context.Context, instance string, want []sdk.InstanceKey) (map[string][]byte, error)
	DialOptions []grpc.DialOption // for trace context
}

// maxDir leaves room for go-plugin's own names inside sun_path (108 bytes on Linux, 104 on macOS).
const maxDir = 64

func (o *Options) validate() error {
	var errs []error
	seen := make(map[string]bool)
	for i := range o.Instances {
		c := &o.Instances[i]
		if err := c.validate(o.AllowUnpinned); err != nil {
			errs = append(errs, fmt.Errorf("plugin instance %q: %w", c.ID, err))
		}
		if seen[c.ID] {
			errs = append(errs, fmt.Errorf("plugin instance %q: configured twice", c.ID))
		}
		seen[c.ID] = true
	}
	return errors.Join(errs...)
}

func (c *InstanceConfig) validate(allowUnpinned bool) error {
	switch {
	case !isName(c.ID):
		return errors.New("the id must be lower-case letters, digits and hyphens, at most 64")
	case (c.Plugin == "") == (len(c.Command) == 0):
		return errors.New("name either a bundled plugin or a command")
	case c.Plugin != "" && !isName(c.Plugin):
		return fmt.Errorf("there is no bundled plugin %q", c.Plugin)
	case c.Plugin != "":
		return nil
	case !filepath.IsAbs(c.Command[0]):
		return fmt.Errorf("command %q must be an absolute path", c.Command[0])
	case c.Manifest != "" && !filepath.IsAbs(c.Manifest):
		return fmt.Errorf("manifest %q must be an absolute path", c.Manifest)
	case c.SHA256 == "" && !allowUnpinned:
		return fmt.Errorf("command %q has no sha256: give its digest, so that nothing else can run in its place", c.Command[0])
	case c.SHA256 != "":
		if raw, err := hex.DecodeString(c.SHA256); err != nil || len(raw) != 32 {
			return errors.New("sha256 must be 64 hexadecimal digits")
		}
	}
	return nil
}

func isName(s string) bool {
	return s != "" && len(s) <= 64 && s[0] != '-' && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// prepareDir returns the directory for sockets and what removes it again.
func prepareDir(dir string) (string, func(), error) {
	if dir == "" {
		temporary, err := temporaryDir()
		if err != nil {
			return "", nil, err
		}
		return temporary, func() { os.RemoveAll(temporary) }, nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", nil, err
	}
	if len(dir) > maxDir {
		return "", nil, fmt.Errorf("the directory for plugin sockets %q is too long: a socket's path has room for %d bytes of it", dir, maxDir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, fmt.Errorf("create the directory for plugin sockets: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", nil, err
	}
	if info.Mode().Perm()&0o022 != 0 {
		// Somebody else could put a socket of their own in the place of a plugin's.
		return "", nil, fmt.Errorf("the directory for plugin sockets %q can be written by others: chmod 0700 it, or name another", dir)
	}
	sweep(dir)
	return dir, func() {}, nil
}

// temporaryDir makes a directory whose path leaves room for a socket's: TMPDIR may lie deep, in a build or a test.
func temporaryDir() (string, error) {
	var errs []error
	for _, parent := range []string{os.TempDir(), os.Getenv("XDG_RUNTIME_DIR"), "/tmp"} {
		if parent == "" || !filepath.IsAbs(parent) {
			continue
		}
		dir, err := os.MkdirTemp(parent, "varco-")
		if err == nil && len(dir) > maxDir {
			err = errors.Join(fmt.Errorf("%s is too long: a socket's path has room for %d bytes of it", dir, maxDir), os.Remove(dir))
		}
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("create a directory for plugin sockets: %w", errors.Join(errs...))
}
