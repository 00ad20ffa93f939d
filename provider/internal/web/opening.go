package web

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/provider/internal/login"
)

// openings keeps the first page of a sign-in as it was rendered. Nothing on it is of anybody yet: all that differs between two of them, for
// the same relying party in the same language, is the Flow's id, which nobody can guess, so that it is nowhere else on the page either.
// Rendering is a twelfth of what the server does for a login. Safe for concurrent use.
type openings struct {
	mu    sync.Mutex
	pages map[openingKey]opening
}

// opening is a page with the Flow's id cut out.
type opening [][]byte

// openingKey is everything such a page is made of.
type openingKey struct {
	lang, client, method, others string
	minutes                      int
	view                         *sdk.View // of the plugin's description: another one after a reload
}

const maxOpenings = 256

func newOpenings() *openings {
	return &openings{pages: map[openingKey]opening{}}
}

// openingOf says whether the page is one that nobody has touched, and of what it is made.
func openingOf(r *http.Request, lang string, b *loginBody, s *login.StepPage) (openingKey, bool) {
	if s.Opening == nil || s.Beside != nil || s.Notice.Code != "" || s.Name != "" || s.Binding || s.Identified || !s.AskName ||
		b.Version != 1 || b.Account || r.URL.RawQuery != "" || r.Method != http.MethodGet {
		return openingKey{}, false
	}
	var others strings.Builder
	for _, o := range s.Others {
		others.WriteString(o.Method)
		others.WriteByte('\n')
	}
	return openingKey{lang, b.Client, s.Method, others.String(), b.Minutes, s.Opening}, true
}

// page returns the page with the Flow's id in its place; render makes it when there is none yet, and answers nil when it cannot.
func (o *openings) page(key openingKey, flow string, render func() []byte) []byte {
	o.mu.Lock()
	parts, ok := o.pages[key]
	o.mu.Unlock()
	if ok {
		return bytes.Join(parts, []byte(flow))
	}
	raw := render()
	if raw == nil {
		return nil
	}
	parts = bytes.Split(raw, []byte(flow))
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.pages) >= maxOpenings {
		clear(o.pages)
	}
	o.pages[key] = parts
	return raw
}
