package provider

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/provider/internal/fault"
)

// Pin is what the configuration says so that exactly this program runs.
type Pin struct {
	Command  []string `json:"command"`
	Manifest string   `json:"manifest,omitempty"`
	SHA256   string   `json:"sha256"`
}

// YAML is the pin as it stands in the configuration, under the instance's name.
func (p Pin) YAML(instance string) string {
	command, _ := json.Marshal(p.Command) // texts: cannot fail
	out := fmt.Sprintf("plugins:\n  %s:\n    command: %s\n", instance, strings.ReplaceAll(string(command), `","`, `", "`))
	if p.Manifest != "" {
		manifest, _ := json.Marshal(p.Manifest)
		out += fmt.Sprintf("    manifest: %s\n", manifest)
	}
	return out + fmt.Sprintf("    sha256: %s\n", p.SHA256)
}

// PinPlugin pins a command: by the digest of its program or, where an interpreter runs it, by a manifest of the folder (empty:
// that of the first argument that is a file), which is written into the folder.
func PinPlugin(command []string, folder string) (Pin, error) {
	if len(command) == 0 {
		return Pin{}, fault.New(fault.Invalid, "there is no program to pin")
	}
	pin := Pin{Command: append([]string(nil), command...)}
	program, err := exec.LookPath(command[0])
	if err == nil {
		program, err = filepath.Abs(program)
	}
	if err == nil {
		program, err = filepath.EvalSymlinks(program) // what is hashed is what a link leads to now
	}
	if err != nil {
		return Pin{}, fault.Wrap(fault.Invalid, err, "the program cannot be run")
	}
	pin.Command[0] = program
	for n, arg := range pin.Command[1:] {
		if info, err := os.Stat(arg); err == nil && info.Mode().IsRegular() {
			if pin.Command[n+1], err = filepath.Abs(arg); err != nil {
				return Pin{}, fault.Wrap(fault.Invalid, err, arg)
			}
			if folder == "" {
				folder = filepath.Dir(pin.Command[n+1])
			}
		}
	}
	if folder == "" {
		pin.SHA256, err = digestOf(program)
		return pin, err
	}
	interpreter := []string{program}
	if rel, err := filepath.Rel(folder, program); err == nil && filepath.IsLocal(rel) {
		interpreter = nil // it lies in the folder
	}
	pin.Manifest, pin.SHA256, err = host.WriteManifest(folder, interpreter...)
	return pin, fault.Wrap(fault.Invalid, err, "the manifest cannot be written")
}

// digestOf hashes a program of its own.
func digestOf(program string) (digest string, err error) {
	f, err := os.Open(program)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "the program cannot be read")
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	start := make([]byte, 2)
	if _, err := io.ReadFull(f, start); err != nil || string(start) == "#!" {
		return "", fault.New(fault.Invalid, program+" is a script, and its digest says nothing about what runs it: name the interpreter and then the script, like `varco plugin pin node main.js`")
	}
	h := sha256.New()
	h.Write(start)
	if _, err := io.Copy(h, f); err != nil {
		return "", fault.Wrap(fault.Invalid, err, "the program cannot be read")
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}
