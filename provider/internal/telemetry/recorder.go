package telemetry

import (
	"context"
	"io"
	"net/http"
)

// recorder remembers the status of an answer. It offers Flush and ReadFrom itself, because handlers ask for them by
// assertion; everything else of the connection is reached through Unwrap.
type recorder struct {
	http.ResponseWriter
	status int // 0 until something was written
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote()
	return r.ResponseWriter.Write(b)
}

// ReadFrom lets a file go from disk to socket without passing through us.
func (r *recorder) ReadFrom(src io.Reader) (int64, error) {
	r.wrote()
	return io.Copy(r.ResponseWriter, src)
}

func (r *recorder) Flush() {
	r.wrote()
	_ = http.NewResponseController(r.ResponseWriter).Flush() // a writer that cannot flush is no failure of the request
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) wrote() {
	if r.status == 0 {
		r.status = http.StatusOK
	}
}

// requestContext is WithRequest in one allocation together with the recorder.
type requestContext struct {
	context.Context
	id       string
	recorder recorder
}

func (c *requestContext) Value(key any) any {
	if key == (requestKey{}) {
		return c.id
	}
	return c.Context.Value(key)
}
