package sdk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
)

// ContractVersion is the major version of the contract: the number in the proto package, and go-plugin's application
// protocol version.
const ContractVersion = 1

// Handshake lets host and plugin recognise each other before they talk. The cookie protects a person who starts a
// plugin by hand, nothing else: what authenticates the two sides is mutual TLS.
var Handshake = goplugin.HandshakeConfig{
	ProtocolVersion:  ContractVersion,
	MagicCookieKey:   "VARCO_PLUGIN",
	MagicCookieValue: "6f0bd8a1-authentication-step",
}

// Serve offers p, with every service of the contract that p implements, to the host that started this process. It
// returns when the host says stop; the program should then end. Description.Services is filled in.
//
// From the call on, os.Stdout belongs to the protocol, and slog's default logger writes to the host's log.
func Serve(p Plugin, options ...grpc.ServerOption) {
	if os.Getenv(Handshake.MagicCookieKey) != Handshake.MagicCookieValue {
		explain(os.Stderr, p)
		os.Exit(2)
	}
	slog.SetDefault(slog.New(hostHandler(os.Stderr)))
	dieWithParent()
	goplugin.Serve(&goplugin.ServeConfig{
		VersionedPlugins: PluginSets(),
		HandshakeConfig:  Handshake,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: os.Stderr, JSONFormat: true}),
		GRPCServer: func(opts []grpc.ServerOption) *grpc.Server {
			return NewServer(p, append(opts, options...)...)
		},
	})
}

// PluginSets tells go-plugin which versions of the contract this package speaks. The services themselves are registered
// by [NewServer] and called through [NewClient].
func PluginSets() map[int]goplugin.PluginSet {
	return map[int]goplugin.PluginSet{ContractVersion: {"varco": contract{}}}
}

// contract is there for go-plugin to see that the protocol is gRPC.
type contract struct {
	goplugin.NetRPCUnsupportedPlugin
}

var _ goplugin.GRPCPlugin = contract{}

func (contract) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return nil }

func (contract) GRPCClient(_ context.Context, _ *goplugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return NewClient(conn), nil
}

// hostHandler writes records in the form the host reads: hclog's JSON, one line each.
func hostHandler(w io.Writer) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) > 0 {
				return a
			}
			switch a.Key {
			case slog.TimeKey:
				return slog.String("@timestamp", a.Value.Time().Format(time.RFC3339Nano))
			case slog.LevelKey:
				a.Key = "@level"
			case slog.MessageKey:
				a.Key = "@message"
			}
			return a
		},
	})
}

// explain is what a person sees who starts the program by hand.
func explain(w io.Writer, p Plugin) {
	name := "a Varco plugin"
	if d, err := p.Describe(context.Background()); err == nil && d != nil {
		name = fmt.Sprintf("the Varco plugin %q %s", d.Name, d.Version)
	}
	fmt.Fprintf(w, "This program is %s. Varco starts it by itself; it does nothing when started by hand.\n", name)
	digest, path, err := ownDigest()
	if err != nil {
		return
	}
	fmt.Fprintf(w, "To use it, name it in Varco's configuration:\n\n    command: [%q]\n    sha256: %x\n", path, digest)
}

func ownDigest() (digest []byte, path string, err error) {
	path, err = os.Executable()
	if err != nil {
		return nil, "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	return h.Sum(nil), path, errors.Join(err, f.Close())
}
