package conformance

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first used: this package is part of the varco binary, and
// every bundled plugin is that binary, which has to start within milliseconds.
func pattern(expression string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expression) })
}
