package inbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, []sdk.Problem{{Message: fmt.Sprintf("give a JSON object with the setting directory alone: %v", err)}}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Config{}, []sdk.Problem{{Message: "there is more after the object"}}
	}
	if !filepath.IsAbs(c.Directory) || filepath.Clean(c.Directory) == "/" {
		return Config{}, []sdk.Problem{{Pointer: "/directory", Message: "give the absolute path of a folder"}}
	}
	c.Directory = filepath.Clean(c.Directory)
	return c, nil
}
