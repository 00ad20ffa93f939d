package sdk

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// T is a text: a key of the catalogue and, in pairs, the names and values of its parameters. A name without a value is
// a mistake in the program and panics.
func T(key string, params ...string) Text {
	if len(params)%2 != 0 {
		panic("sdk.T(" + key + "): parameters come as name and value")
	}
	t := Text{Key: key}
	for i := 0; i < len(params); i += 2 {
		if t.Params == nil {
			t.Params = make(map[string]string, len(params)/2)
		}
		t.Params[params[i]] = params[i+1]
	}
	return t
}

// Screen is a view with a title.
func Screen(title Text, nodes ...Node) View { return View{Title: title, Nodes: nodes} }

// Field is a line of input.
func Field(f TextField) Node { return Node{TextField: &f} }

// Say is a paragraph.
func Say(t Text) Node { return Node{Paragraph: &Paragraph{Text: t}} }

// Submit is the primary button.
func Submit(name string, label Text) Node {
	return Node{Action: &Action{Name: name, Label: label, Primary: true}}
}

// Ask is the response that shows v and waits for the person.
func Ask(v View) *StepResponse { return &StepResponse{Challenge: &Challenge{View: v}} }

// Texts reads a catalogue from files named LOCALE.json, each one JSON object of text by key, for Description.Texts.
// It is meant for an embed.FS: what is wrong with such a file is a mistake in the program, and panics.
func Texts(files fs.FS) map[string]map[string]string {
	texts := make(map[string]map[string]string)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".json" {
			return err
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		var catalogue map[string]string
		if err := json.Unmarshal(raw, &catalogue); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		texts[strings.TrimSuffix(path.Base(name), ".json")] = catalogue
		return nil
	})
	if err != nil {
		panic("sdk.Texts: " + err.Error())
	}
	return texts
}
