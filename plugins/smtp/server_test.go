package smtp

import (
	"bufio"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// The stages at which a server may misbehave.
const (
	atGreeting  = "greeting"
	atEHLO      = "EHLO"
	atSTARTTLS  = "STARTTLS"
	atHandshake = "handshake"
	atAUTH      = "AUTH"
	atMAIL      = "MAIL"
	atRCPT      = "RCPT"
	atDATA      = "DATA"
	atText      = "text"     // while the text comes
	atDot       = "dot"      // after it came, not kept
	atDotKept   = "dot kept" // after it came and was kept
	atQUIT      = "QUIT"
)

// badServer is a mail server that misbehaves at one stage: it answers with something else, drops the connection or says nothing more.
type badServer struct {
	net.Listener
	stage, answer string // answer: a reply, "drop" or "hang"
	mu            sync.Mutex
	kept          []string
	done          chan struct{}
}

func newServer(t *testing.T, stage, answer string) *badServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &badServer{Listener: l, stage: stage, answer: answer, done: make(chan struct{})}
	t.Cleanup(func() { close(s.done); l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(c)
		}
	}()
	return s
}

func (s *badServer) talk(c net.Conn) {
	defer func() { c.Close() }()
	in := bufio.NewReader(c)
	// say answers at a stage, and says whether to go on.
	say := func(stage, usual string) bool {
		if stage == s.stage {
			switch s.answer {
			case "drop":
				return false
			case "hang":
				<-s.done
				return false
			}
			usual = s.answer
		}
		_, err := c.Write([]byte(usual + "\r\n"))
		return err == nil
	}
	ok := say(atGreeting, "220 mail.bank.test ESMTP")
	for ok {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch verb := strings.ToUpper(strings.TrimSpace(strings.SplitN(line, " ", 2)[0])); verb {
		case "EHLO":
			ok = say(atEHLO, "250-mail.bank.test\r\n250-ENHANCEDSTATUSCODES\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 8BITMIME")
		case "HELO":
			ok = say(atEHLO, "250 mail.bank.test")
		case "STARTTLS":
			if ok = say(atSTARTTLS, "220 2.0.0 go ahead"); !ok || s.stage == atSTARTTLS {
				continue
			}
			if s.stage == atHandshake {
				ok = say(atHandshake, "")
				continue
			}
			cert, key := certificate()
			pair, err := tls.X509KeyPair(cert, key)
			if err != nil {
				return
			}
			c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}})
			in = bufio.NewReader(c)
		case "AUTH":
			ok = say(atAUTH, "235 2.7.0 welcome")
		case "MAIL":
			ok = say(atMAIL, "250 2.1.0 ok")
		case "RCPT":
			ok = say(atRCPT, "250 2.1.5 ok")
		case "DATA":
			if ok = say(atDATA, "354 go ahead"); !ok || s.stage == atDATA {
				continue
			}
			ok = s.text(in, say)
		case "QUIT":
			ok = say(atQUIT, "221 2.0.0 bye")
		default:
			ok = say("", "250 2.0.0 ok")
		}
	}
}

func (s *badServer) text(in *bufio.Reader, say func(stage, usual string) bool) bool {
	var text strings.Builder
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return false
		}
		if s.stage == atText {
			return say(atText, "")
		}
		if line == ".\r\n" {
			break
		}
		text.WriteString(strings.TrimPrefix(line, "."))
	}
	if s.stage == atDot {
		return say(atDot, "")
	}
	s.mu.Lock()
	s.kept = append(s.kept, text.String())
	s.mu.Unlock()
	return say(atDotKept, "250 2.0.0 queued")
}

func (s *badServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.kept)
}

// config is of an instance that uses s.
func (s *badServer) config(t *testing.T, change ...func(map[string]any)) string {
	t.Helper()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	cert, _ := certificate()
	if err := os.WriteFile(ca, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	return configFor(append([]func(map[string]any){func(c map[string]any) {
		c["port"], c["ca_file"], c["username"], c["password"], c["timeout"] = s.Addr().(*net.TCPAddr).Port, ca, mailUser, mailPassword, "700ms"
	}}, change...)...)
}
