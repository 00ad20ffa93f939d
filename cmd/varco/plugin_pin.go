package main

import (
	"fmt"
	"io"

	"github.com/varco-id/varco/provider"
)

type pluginPinCmd struct {
	Command []string `arg:"" name:"path" help:"The program and its arguments, as in command of the configuration."`
	Folder  string   `help:"Folder of an interpreted plugin. Default: that of the first argument that is a file."`
	Name    string   `default:"NAME" help:"Name of the instance in what is printed."`
}

func (pluginPinCmd) Help() string {
	return `For a program of its own its SHA-256; for one that an interpreter runs a manifest, written into the plugin's folder, with
the SHA-256 of the interpreter and of each file of the folder. Prints the lines for the configuration. Put -- before arguments
that begin with a hyphen.

Example:
  varco plugin pin /usr/lib/varco/bank-token
  varco plugin pin /usr/bin/node /opt/bank-token/main.js`
}

func (c *pluginPinCmd) Run(s *session) error {
	pin, err := provider.PinPlugin(c.Command, c.Folder)
	if err != nil {
		return err
	}
	return s.show(pin, func(w io.Writer) { fmt.Fprint(w, pin.YAML(c.Name)) })
}
