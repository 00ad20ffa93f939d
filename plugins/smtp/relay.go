package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	gosmtp "github.com/wneessen/go-mail/smtp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/varco-id/varco/plugins/internal/httpsend"
	"github.com/varco-id/varco/plugins/sdk"
)

// session is one connection to the server, ready for a message.
type session struct {
	client *gomail.Client
	smtp   *gosmtp.Client
	conn   net.Conn
	stop   func() bool // that the end of the call's time closes conn
}

func (s *session) close() {
	if s.conn != nil {
		s.stop()
		_ = s.conn.Close()
	}
}

// open connects, protects the connection and signs in. Nothing of a message has left then.
func (r *relay) open(ctx context.Context) (*session, error) {
	s := new(session)
	// Our own dialler: the library does not close the connection of a greeting that fails, and extends its deadline with each step.
	dial := func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialling, network, address)
		if err != nil {
			return nil, err
		}
		s.conn, s.stop = conn, context.AfterFunc(ctx, func() { _ = conn.Close() })
		if r.TLS != tlsImplicit {
			return conn, nil
		}
		protected := tls.Client(conn, r.tls)
		return protected, protected.HandshakeContext(dialling)
	}
	policy := gomail.TLSMandatory
	if r.TLS != tlsStart {
		policy = gomail.NoTLS // there already, or not wanted
	}
	options := []gomail.Option{gomail.WithPort(r.Port), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(r.tls.Clone()),
		gomail.WithTimeout(r.timeout), gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithoutRset()}
	if r.Username != "" {
		options = append(options, gomail.WithSMTPAuth(mechanism(r.Auth)), gomail.WithUsername(r.Username), gomail.WithPassword(r.Password))
	}
	if r.Helo != "" {
		options = append(options, gomail.WithHELO(r.Helo))
	}
	client, err := gomail.NewClient(r.Host, options...)
	if err != nil {
		return nil, err
	}
	s.client = client
	if s.smtp, err = client.DialToSMTPClientWithContext(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// send hands over one message.
func (r *relay) send(ctx context.Context, m sdk.Message) (*sdk.SendResult, error) {
	s, err := r.open(ctx)
	if err != nil {
		return opening(err)
	}
	defer s.close()
	msg := r.compose(m, r.now())
	err = s.client.SendWithSMTPClient(s.smtp, msg)
	if err == nil || msg.IsDelivered() {
		_ = s.smtp.Quit()
		return &sdk.SendResult{Accepted: true, ProviderID: r.messageID(m)}, nil
	}
	var failed *gomail.SendError
	if !errors.As(err, &failed) {
		return nil, httpsend.Unknown("smtp: the message was not handed over, and it is not known how far it came")
	}
	return judge(failed)
}

// opening is what a failure before any message means: it lies with the server or the configuration.
func opening(err error) (*sdk.SendResult, error) {
	if code := reply(err); code != 0 {
		return &sdk.SendResult{Reason: explainOpening(err)}, nil
	}
	return nil, status.Error(codes.Unavailable, "smtp: "+explainOpening(err))
}

func reply(err error) int {
	var e *textproto.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// explainOpening names the cause without the server's own words: some repeat what they were sent.
func explainOpening(err error) string {
	var unknown *tls.CertificateVerificationError
	switch code := reply(err); {
	case code == 535 || code == 534 || code == 530 || code == 538:
		return "the server refuses to let us in (" + strconv.Itoa(code) + "): check username, password and auth"
	case code != 0:
		return "the server answered " + strconv.Itoa(code) + " before any message"
	case errors.As(err, &unknown):
		return "the server's certificate is not good: check host and ca_file"
	case strings.Contains(err.Error(), "STARTTLS"):
		return "the server offers no STARTTLS: use implicit, or another server"
	case strings.Contains(err.Error(), "AUTH"):
		return "the server does not offer this way to sign in: check auth"
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		return "the server did not answer in time"
	}
	return "there is no connection to the server"
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// judge turns what became of a message into a result.
func judge(e *gomail.SendError) (*sdk.SendResult, error) {
	code, where := e.ErrorCode(), map[gomail.SendErrReason]string{gomail.ErrSMTPMailFrom: "MAIL", gomail.ErrSMTPRcptTo: "RCPT",
		gomail.ErrSMTPData: "DATA", gomail.ErrSMTPDataClose: "the message"}[e.Reason]
	if code == 0 {
		if e.Reason == gomail.ErrSMTPDataClose {
			// The dot may have arrived, and the answer not.
			return nil, httpsend.Unknown("smtp: the message left, and there is no answer")
		}
		return nil, status.Error(codes.Unavailable, "smtp: the connection broke before the message's end")
	}
	text := "the server answered " + strconv.Itoa(code)
	enhanced := enhancedCode(e, code)
	if enhanced != "" {
		text += " " + enhanced
	}
	text += " to " + where
	result := &sdk.SendResult{Reason: text}
	switch {
	case code < 500 || code > 599: // RFC 5321 section 4.2.1: try again
	case e.Reason == gomail.ErrSMTPMailFrom:
		result.Reason += ": it does not take messages of this sender: check from"
	case e.Reason == gomail.ErrSMTPRcptTo && strings.HasPrefix(enhanced, "5.7."):
		result.Reason += ": it does not relay for us: check username and host"
	default:
		result.Permanent = true
		// RFC 3463: no such mailbox, moved without a trace, a domain that takes no mail.
		result.Gone = enhanced == "5.1.1" || enhanced == "5.1.6" || enhanced == "5.1.10"
	}
	return result, nil
}

// enhancedCode is the code of RFC 3463 in a reply. The library looks for it where the server announced it alone; Exim does not, and sends
// it all the same. The text around it is not looked at.
func enhancedCode(e *gomail.SendError, code int) string {
	_, text, _ := strings.Cut(e.Error(), ": "+strconv.Itoa(code)+" ")
	text = strings.TrimPrefix(text, `"`) // net/textproto quotes a reply's text
	word := text[:max(strings.IndexAny(text, " \""), 0)]
	parts := strings.Split(word, ".")
	if len(parts) != 3 || parts[0] != strconv.Itoa(code/100) {
		return ""
	}
	for _, p := range parts {
		if n, err := strconv.Atoi(p); err != nil || n < 0 || n > 999 || strconv.Itoa(n) != p {
			return ""
		}
	}
	return word
}

const checkTime = 4 * time.Second // of Check, which has five

// healthy signs in and leaves.
func (r *relay) healthy(ctx context.Context) error {
	s, err := r.open(ctx)
	if err != nil {
		return errors.New(explainOpening(err))
	}
	defer s.close()
	if err := s.smtp.Noop(); err != nil {
		return errors.New("the server does not answer")
	}
	_ = s.smtp.Quit()
	return nil
}
