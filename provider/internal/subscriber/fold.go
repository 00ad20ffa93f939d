package subscriber

import (
	"strings"

	"golang.org/x/text/secure/precis"

	"github.com/varco-id/varco/provider/internal/fault"
)

// MaxName is the longest name, in bytes.
const MaxName = 256

// Fold brings a name to the form in which names are unique and looked up: PRECIS UsernameCaseMapped (RFC 8265 section
// 3.3), so that case, width and composition do not make two names. fault.Invalid for what cannot be a name.
func Fold(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > MaxName {
		return "", fault.New(fault.Invalid, "a name has between 1 and 256 bytes")
	}
	folded, err := precis.UsernameCaseMapped.String(name)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "a name holds letters, digits and punctuation without spaces")
	}
	return folded, nil
}
