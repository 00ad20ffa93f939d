package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

// The wire between the command line and a running server: HTTP over a Unix socket, one POST an operation.
const (
	actorHeader  = "Varco-Operator"
	errorTrailer = "Varco-Error" // an operation may fail after its first bytes went out
	maxRequest   = 4 << 20
)

// failure is an error on the wire.
type failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

func (f failure) error() error {
	for k := fault.Internal; k <= fault.Throttled; k++ {
		if k.String() == f.Kind {
			return fault.New(k, f.Message)
		}
	}
	return fault.New(fault.Internal, f.Message)
}

func failureOf(err error) failure { return failure{fault.KindOf(err).String(), err.Error()} }

// socketPath is where a server with this configuration listens for its operator. The folder is its owner's alone (0700):
// whoever can open the socket could as well read the key-encryption key.
func (c *Config) socketPath() string { return filepath.Join(c.Path(c.DataDir), "run", "admin.sock") }

// Remote carries operations out in a running server.
type Remote struct{ http *http.Client }

var _ Caller = (*Remote)(nil)

// DialServer connects to the running server of this configuration; ok is false when there is none.
func DialServer(ctx context.Context, c *Config) (_ *Remote, ok bool) {
	path := c.socketPath()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	conn, err := dial(ctx, "", "")
	if err != nil {
		return nil, false
	}
	_ = conn.Close() // it was opened to see whether somebody answers
	return &Remote{&http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConns: 1}}}, true
}

func (r *Remote) call(ctx context.Context, name string, in []byte, w io.Writer) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://varco/v1/"+name, bytes.NewReader(in))
	if err != nil {
		return err
	}
	if actor, ok := ctx.Value(actorKey{}).(string); ok {
		req.Header.Set(actorHeader, actor)
	}
	res, err := r.http.Do(req)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the running server does not answer")
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var f failure
		if err := json.NewDecoder(io.LimitReader(res.Body, maxRequest)).Decode(&f); err != nil {
			return fault.New(fault.Internal, "the running server answered "+res.Status)
		}
		return f.error()
	}
	if _, err := io.Copy(w, res.Body); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the running server broke off")
	}
	if t := res.Trailer.Get(errorTrailer); t != "" {
		var f failure
		if json.Unmarshal([]byte(t), &f) == nil {
			return f.error()
		}
		return fault.New(fault.Internal, "the running server broke off")
	}
	return nil
}

// Close lets the connection go.
func (r *Remote) Close() error {
	r.http.CloseIdleConnections()
	return nil
}

// ServeAdmin answers operations on the admin socket of the configuration until ctx ends.
func ServeAdmin(ctx context.Context, c *Config, a *Admin) error {
	path := c.socketPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the folder of the admin socket cannot be made")
	}
	if err := os.Chmod(filepath.Dir(path), 0o700); err != nil { // it may have been there with wider rights
		return fault.Wrap(fault.Unavailable, err, "the folder of the admin socket cannot be closed to others")
	}
	if _, ok := DialServer(ctx, c); ok {
		return fault.New(fault.Conflict, "another server uses the data folder "+c.Path(c.DataDir)+": stop it, or give this one a data_dir of its own")
	}
	_ = os.Remove(path) // left behind by a server that was killed
	listener, err := net.Listen("unix", path)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the admin socket cannot be opened (the path of data_dir must be shorter than about 80 characters)")
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{Handler: adminHandler(a), ReadHeaderTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func adminHandler(a *Admin) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", errorTrailer)
		out := &counted{w: w}
		in, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err == nil {
			err = a.call(WithActor(r.Context(), r.Header.Get(actorHeader)), r.PathValue("name"), in, out)
		}
		if err == nil {
			return
		}
		raw, _ := json.Marshal(failureOf(err)) // two strings: cannot fail
		if out.n > 0 {
			w.Header().Set(errorTrailer, string(raw))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(fault.KindOf(err).HTTPStatus())
		_, _ = w.Write(raw) // the asker went away: nobody to tell
	})
	return mux
}

// counted knows whether the answer has begun.
type counted struct {
	w io.Writer
	n int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.n += int64(n)
	return n, err
}
