package inbox

import (
	"path/filepath"

	"github.com/varco-id/varco/plugins/sdk"
)

// Config is the configuration of an instance. Its JSON Schema is config.schema.json.
type Config struct {
	// Directory is the absolute path of the folder for the file.
	Directory string `json:"directory"`
}

func parseConfig(raw []byte) (Config, []sdk.Problem) {
	var c Config
	if problems := sdk.DecodeConfig(raw, &c); len(problems) > 0 {
		return Config{}, problems
	}
	if !filepath.IsAbs(c.Directory) || filepath.Clean(c.Directory) == "/" {
		return Config{}, []sdk.Problem{{Pointer: "/directory", Message: "give the absolute path of a folder"}}
	}
	c.Directory = filepath.Clean(c.Directory)
	return c, nil
}
