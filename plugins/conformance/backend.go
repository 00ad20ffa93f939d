package conformance

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// mode is how a back end behaves.
type mode string

// The modes. Only the first is a back end that works.
const (
	modeOK      mode = "works"
	modeSilent  mode = "takes connections and says nothing"
	modeSlow    mode = "answers a byte every 100 ms"
	modeGarbage mode = "answers noise"
	modeReset   mode = "breaks connections off"
	modeError   mode = "answers 500"
	modeEmpty   mode = "answers 200 with nothing in it"
)

var brokenModes = []mode{modeSilent, modeSlow, modeGarbage, modeReset, modeError, modeEmpty}

// backend is a server that a plugin under test may be configured to talk to.
type backend struct {
	listener net.Listener
	replies  []Reply
	done     chan struct{}

	mu    sync.Mutex
	mode  mode
	conns map[net.Conn]bool // open
	taken int               // connections ever
	asked []string          // requests answered: METHOD PATH
}

func startBackend(replies []Reply) (*backend, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the plugin: %w", err)
	}
	b := &backend{listener: l, replies: replies, mode: modeOK, done: make(chan struct{}), conns: map[net.Conn]bool{}}
	go b.serve()
	return b, nil
}

func (b *backend) address() string { return b.listener.Addr().String() }

func (b *backend) become(m mode) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mode = m
	for c := range b.conns { // a plugin may keep connections
		c.Close()
	}
}

func (b *backend) now() mode {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.mode
}

// counts returns the connections that are open, and those there ever were.
func (b *backend) counts() (open, ever int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.conns), b.taken
}

func (b *backend) stop() {
	close(b.done)
	b.listener.Close()
	b.become(modeReset)
}

func (b *backend) serve() {
	for {
		c, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		b.conns[c], b.taken = true, b.taken+1
		b.mu.Unlock()
		go func() {
			defer func() {
				c.Close()
				b.mu.Lock()
				delete(b.conns, c)
				b.mu.Unlock()
			}()
			b.talk(c)
		}()
	}
}

// talk serves one connection until the plugin closes it.
func (b *backend) talk(c net.Conn) {
	switch b.now() {
	case modeSilent:
		_, _ = io.Copy(io.Discard, c)
	case modeReset:
	case modeGarbage:
		_, _ = c.Write(bytes.Repeat([]byte{0x00, 0xff, 0x13, 0x37, 'H', 'T', 'T', 'P'}, 64))
	case modeSlow:
		go func() { _, _ = io.Copy(io.Discard, c) }()
		text := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat(" ", 100_000)
		for i := range len(text) {
			if _, err := c.Write([]byte{text[i]}); err != nil {
				return
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-b.done:
				return
			}
		}
	default:
		b.http(c)
	}
}

// http answers requests one after the other.
func (b *backend) http(c net.Conn) {
	in := bufio.NewReader(c)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return
		}
		var out http.Response
		switch b.now() {
		case modeOK:
			out = b.reply(r, body)
		case modeEmpty:
			out = response(http.StatusOK, nil, nil)
		default:
			out = response(http.StatusInternalServerError, nil, []byte("out of order"))
		}
		if out.Write(c) != nil {
			return
		}
	}
}

// reply is the first of the script that fits.
func (b *backend) reply(r *http.Request, body []byte) http.Response {
	b.mu.Lock()
	if len(b.asked) < 10_000 {
		b.asked = append(b.asked, r.Method+" "+r.URL.Path)
	}
	b.mu.Unlock()
	for _, s := range b.replies {
		if s.Method != "" && s.Method != r.Method || s.Path != "" && s.Path != r.URL.Path || s.Match != "" && !bytes.Contains(body, []byte(s.Match)) {
			continue
		}
		status, text, header := s.Status, []byte(s.Body), http.Header{}
		if status == 0 {
			status = http.StatusOK
		}
		if s.JSON != nil {
			header.Set("Content-Type", "application/json")
			text, _ = json.Marshal(s.JSON) // came from YAML: maps of strings, lists, scalars
		}
		for name, value := range s.Header {
			header.Set(name, value)
		}
		return response(status, header, text)
	}
	return response(http.StatusNotFound, nil, []byte("conformance.yaml has no reply for this"))
}

func response(status int, header http.Header, body []byte) http.Response {
	if header == nil {
		header = http.Header{}
	}
	return http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body))}
}
