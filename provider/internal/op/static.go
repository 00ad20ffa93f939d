package op

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// static is a public document that is served as it is.
type static struct {
	body []byte
	etag string
}

func newStatic(body []byte) static {
	sum := sha256.Sum256(body)
	return static{body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// serve answers with the document, or with 304 if the client has it. maxAge is in seconds.
func (s static) serve(w http.ResponseWriter, r *http.Request, maxAge int) {
	head := w.Header()
	head.Set("ETag", s.etag)
	head.Set("Cache-Control", "public, max-age="+strconv.Itoa(maxAge))
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Access-Control-Allow-Origin", "*") // public, and read without credentials
	if match := r.Header.Get("If-None-Match"); match != "" && strings.Contains(match, s.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Type", "application/json")
	head.Set("Content-Length", strconv.Itoa(len(s.body))) // some consumers refuse a chunked discovery document
	_, _ = w.Write(s.body)
}
