package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static/style.css static/app.js static/webauthn.js static/favicon.svg
var staticFiles embed.FS

// asset is a file served for ever under a name with its hash: a changed file has another name.
type asset struct {
	name, kind string
	body       []byte
	gzipped    []byte // nil when it would not be smaller
}

func newAsset(name, kind string, body []byte) *asset {
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	a := &asset{name: strings.TrimSuffix(name, ext) + "-" + hex.EncodeToString(sum[:8]) + ext, kind: kind, body: body}
	var packed bytes.Buffer
	z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is a valid one
	_, _ = z.Write(body)                                       // into memory
	_ = z.Close()
	if packed.Len() < len(body) {
		a.gzipped = packed.Bytes()
	}
	return a
}

// assets are the files of the pages, and the addresses that templates write.
type assets struct {
	byName map[string]*asset

	Style, Brand, Script, Ceremony, Icon, Logo string
}

func loadAssets(base string, brandCSS []byte, logo *asset) (*assets, error) {
	all := &assets{byName: map[string]*asset{}}
	add := func(a *asset) string {
		all.byName[a.name] = a
		return base + "/static/" + a.name
	}
	for _, f := range []struct {
		name, kind string
		at         *string
	}{
		{"style.css", "text/css; charset=utf-8", &all.Style},
		{"app.js", "text/javascript; charset=utf-8", &all.Script},
		{"webauthn.js", "text/javascript; charset=utf-8", &all.Ceremony},
		{"favicon.svg", "image/svg+xml", &all.Icon},
	} {
		body, err := staticFiles.ReadFile("static/" + f.name)
		if err != nil {
			return nil, err
		}
		*f.at = add(newAsset(f.name, f.kind, body))
	}
	all.Brand = add(newAsset("brand.css", "text/css; charset=utf-8", brandCSS))
	if logo != nil {
		all.Logo = add(logo)
	}
	return all, nil
}

func (h *Handler) static(w http.ResponseWriter, r *http.Request) {
	a, ok := h.assets.byName[r.PathValue("file")]
	if !ok {
		h.notFound(w, r)
		return
	}
	h.serveAsset(w, r, a, "public, max-age=31536000, immutable")
}

// favicon answers browsers and crawlers that ask without having read a page.
func (h *Handler) favicon(w http.ResponseWriter, r *http.Request) {
	h.serveAsset(w, r, h.assets.byName[path.Base(h.assets.Icon)], "public, max-age=86400")
}

func (h *Handler) serveAsset(w http.ResponseWriter, r *http.Request, a *asset, caching string) {
	head := w.Header()
	h.guardCommon(head)
	// An SVG opened by itself is a document that could run script: the operator's logo gets none.
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'")
	head.Set("Cache-Control", caching)
	head.Set("Content-Type", a.kind)
	head.Set("Vary", "Accept-Encoding")
	body := a.body
	if a.gzipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		head.Set("Content-Encoding", "gzip")
		body = a.gzipped
	}
	head.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the browser went away
}

func robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write([]byte("User-agent: *\nDisallow: /\n"))
}
