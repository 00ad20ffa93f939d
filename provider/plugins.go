package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/fault"
)

// instances turns the configured plugins into what the host runs, by name, secrets filled in.
func (c *Config) instances() ([]host.InstanceConfig, error) {
	var list []host.InstanceConfig
	for _, id := range slices.Sorted(maps.Keys(c.Plugins)) {
		p := c.Plugins[id]
		config, err := c.withSecrets(p)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "plugin "+id)
		}
		raw, err := json.Marshal(config)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "the configuration of plugin "+id)
		}
		manifest := c.Path(p.Manifest)
		if manifest != "" {
			if manifest, err = filepath.Abs(manifest); err != nil {
				return nil, fault.Wrap(fault.Invalid, err, "the manifest of plugin "+id)
			}
		}
		list = append(list, host.InstanceConfig{ID: id, Plugin: p.Name(id), Command: p.Command, SHA256: strings.ToLower(p.SHA256),
			Manifest: manifest, Config: raw, AMR: p.AMR, Attributes: p.Attributes, Env: c.pluginEnv(), Texts: p.Texts,
			Limits: host.Limits{Memory: int64(p.Limits.MemoryMiB) << 20, Files: p.Limits.Files}})
	}
	return list, nil
}

// maxSocketDir is the longest path of a folder that has room for plugins' sockets.
const maxSocketDir = 60

// pluginDir is where plugins' sockets lie: in the data folder, where nobody else can put anything, unless its path is too
// long; then in a fresh folder of the system's.
func (c *Config) pluginDir() string {
	dir, err := filepath.Abs(filepath.Join(c.Path(c.DataDir), "run", "plugins"))
	if err != nil || len(dir) > maxSocketDir {
		return ""
	}
	return dir
}

// withSecrets returns a plugin's configuration with the secrets read from where they are.
func (c *Config) withSecrets(p Plugin) (map[string]any, error) {
	config := cloned(p.Config)
	for key, secret := range p.Secrets {
		value, err := c.read(secret)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		at := config
		path := strings.Split(key, ".")
		for _, group := range path[:len(path)-1] {
			inner, ok := at[group].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[group] = inner
			}
			at = inner
		}
		at[path[len(path)-1]] = string(value)
	}
	return config, nil
}

// cloned copies the groups of a configuration, so that secrets do not get into the one that is shown and checked.
func cloned(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if inner, ok := v.(map[string]any); ok {
			v = cloned(inner)
		}
		out[k] = v
	}
	return out
}

// clearSecrets lists the keys of a plugin's configuration that its schema calls secret (writeOnly) and that stand in
// clear text in the file.
func (c *Config) clearSecrets(instance string, schema []byte) Mistakes {
	var root secretSchema
	if c.Development || json.Unmarshal(schema, &root) != nil {
		return nil
	}
	k := &checker{c: c}
	var walk func(s secretSchema, config map[string]any, path string)
	walk = func(s secretSchema, config map[string]any, path string) {
		for _, name := range slices.Sorted(maps.Keys(config)) {
			property, at := s.Properties[name], join(path, name)
			key := "plugins." + instance + ".config." + at
			if property.WriteOnly && k.written(key) {
				k.wrong(key, "a secret in clear text in the file", fmt.Sprintf("move it to a file and write secrets: {%s: {file: PATH}}", at))
			}
			if inner, ok := config[name].(map[string]any); ok {
				walk(property, inner, at)
			}
		}
	}
	walk(root, c.Plugins[instance].Config, "")
	return k.mistakes
}

// secretSchema is the part of a JSON Schema that tells secrets.
type secretSchema struct {
	Properties map[string]secretSchema `json:"properties"`
	WriteOnly  bool                    `json:"writeOnly"`
}

// pluginMistake places what a plugin says of its configuration (a JSON Pointer into it) in the file.
func (c *Config) pluginMistake(instance, pointer, message string) Mistake {
	key := "plugins." + instance + ".config"
	for segment := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		if segment == "" {
			continue
		}
		segment = strings.NewReplacer("~1", "/", "~0", "~").Replace(segment)
		if _, err := strconv.Atoi(segment); err == nil {
			key += fmt.Sprintf("[%s]", segment)
		} else {
			key = join(key, segment)
		}
	}
	k := &checker{c: c}
	k.wrong(key, message, "")
	return k.mistakes[0]
}
