package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

func (completionCmd) Help() string {
	return `Example:
  source <(varco completion bash)                                # in ~/.bashrc
  varco completion zsh > "${fpath[1]}/_varco"
  varco completion fish > ~/.config/fish/completions/varco.fish`
}

// The scripts ask the program itself, so they never fall behind it.
var completionScripts = map[string]string{
	"bash": `_varco() {
  local IFS=$'\n'
  COMPREPLY=($(varco __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default
}
complete -F _varco varco
`,
	"zsh": `#compdef varco
local -a candidates
candidates=("${(@f)$(varco __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
if [[ -n $candidates ]]; then compadd -a candidates; else _files; fi
`,
	"fish": `complete -c varco -a '(varco __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
}

func (c *completionCmd) Run(s *session) error {
	_, err := io.WriteString(s.out, completionScripts[c.Shell])
	return err
}

// completeCmd answers the completion scripts: the candidates for the last of the words.
type completeCmd struct {
	Words []string `arg:"" optional:""`
}

func (c *completeCmd) Run(s *session) error {
	if len(c.Words) == 0 {
		c.Words = []string{""}
	}
	for _, word := range candidates(s.parser.Model.Node, c.Words) {
		fmt.Fprintln(s.out, word)
	}
	return nil
}

// candidates walks down the commands as far as the words go and lists what may stand in the place of the last one.
func candidates(node *kong.Node, words []string) []string {
	last := words[len(words)-1]
	flags := slices.Concat(node.AllFlags(true)...)
	for i := 0; i < len(words)-1; i++ {
		if f := flagOf(flags, words[i]); f != nil {
			if !f.IsBool() && !strings.Contains(words[i], "=") {
				if i == len(words)-2 {
					return matching(f.EnumSlice(), last)
				}
				i++ // its value
			}
			continue
		}
		if at := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == words[i] }); at >= 0 {
			node = node.Children[at]
			flags = slices.Concat(node.AllFlags(true)...)
		}
	}
	var all []string
	if strings.HasPrefix(last, "-") {
		for _, f := range flags {
			all = append(all, "--"+f.Name)
		}
		return matching(all, last)
	}
	for _, child := range node.Children {
		if !child.Hidden {
			all = append(all, child.Name)
		}
	}
	for _, p := range node.Positional {
		all = append(all, p.EnumSlice()...)
	}
	return matching(all, last)
}

func flagOf(flags []*kong.Flag, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, f := range flags {
		if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
			return f
		}
	}
	return nil
}

func matching(all []string, prefix string) []string {
	var out []string
	for _, word := range all {
		if word != "" && strings.HasPrefix(word, prefix) {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return out
}
