package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/varco-id/varco/plugins/sdk"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: broken KIND DEFECT")
		os.Exit(2)
	}
	kind, bad := os.Args[1], os.Args[2] // an empty defect: none
	b := defect(bad)
	var p sdk.Plugin
	switch kind {
	case "model":
		p = newModel(b)
	case "sms":
		p = newSMS(b)
	case "fraud":
		p = newFraud(b)
	case "store":
		p = newStore(b)
	case "hsm":
		p = newHSM(b)
	case "phone":
		p = newPhone(b)
	default:
		fmt.Fprintf(os.Stderr, "there is no plugin %q here\n", kind)
		os.Exit(2)
	}
	if strings.HasPrefix(bad, "launch.") || bad == "crash.noise" || bad == "crash.oversize" {
		serve(p, b)
		return
	}
	var options []grpc.ServerOption
	if bad == "describe.services" {
		options = append(options, grpc.ChainUnaryInterceptor(func(ctx context.Context, r any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if strings.HasPrefix(info.FullMethod, "/varco.plugin.v1.DeliveryChannel/") {
				return nil, status.Error(codes.Unimplemented, "no such service")
			}
			return next(ctx, r)
		}))
	}
	sdk.Serve(p, options...)
}

// serve does what go-plugin does, so that it can be done wrong.
func serve(p sdk.Plugin, bad defect) {
	byHand := os.Getenv(sdk.Handshake.MagicCookieKey) != sdk.Handshake.MagicCookieValue
	switch {
	case byHand && bad == "launch.cookie silent":
		os.Exit(1)
	case byHand && bad == "launch.cookie no error":
		fmt.Fprintln(os.Stderr, "This is a plugin of the host and does nothing by hand.")
		os.Exit(0)
	case byHand && bad != "launch.cookie ignored":
		fmt.Fprintln(os.Stderr, "This is a plugin of the host and does nothing by hand.")
		os.Exit(1)
	case bad == "launch.handshake late":
		time.Sleep(time.Minute)
	case bad == "launch.handshake ends":
		os.Exit(1)
	case bad == "launch.handshake preceded":
		fmt.Println("Welcome!")
	case bad == "launch.plain" && os.Getenv("PLUGIN_CLIENT_CERT") == "":
		time.Sleep(time.Minute)
	case bad == "launch.nothing_left":
		if err := leaveSomethingBehind(); err != nil {
			panic(err)
		}
	case bad == "launch.sigterm":
		signal.Ignore(syscall.SIGTERM)
	}
	dir := os.Getenv("PLUGIN_UNIX_SOCKET_DIR")
	if bad == "launch.socket" {
		var err error
		if dir, err = os.MkdirTemp(filepath.Dir(filepath.Dir(dir)), "elsewhere"); err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		panic(err)
	}
	if bad == "launch.socket_removed" {
		listener.(*net.UnixListener).SetUnlinkOnClose(false)
	}
	options := []grpc.ServerOption{}
	certificate := ""
	if client := os.Getenv("PLUGIN_CLIENT_CERT"); client != "" && bad != "launch.mtls" {
		config, raw := serverTLS(client, bad)
		certificate = base64.RawStdEncoding.EncodeToString(raw)
		options = append(options, grpc.Creds(credentials.NewTLS(config)))
	}
	if bad == "crash.oversize" {
		options = append(options, grpc.MaxRecvMsgSize(16<<20), grpc.ChainUnaryInterceptor(
			func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
				if len(fmt.Sprint(r)) > sdk.MaxMessage {
					os.Exit(6) // out of memory, say
				}
				return next(ctx, r)
			}))
	}
	server := sdk.NewServer(p, options...)
	if bad != "launch.health missing" {
		h := health.NewServer()
		h.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING)
		if bad == "launch.health says no" {
			h.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
		}
		grpc_health_v1.RegisterHealthServer(server, h)
	}
	done := make(chan struct{})
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "plugin.GRPCController", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "Shutdown", Handler: func(_ any, _ context.Context, read func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			if err := read(&emptypb.Empty{}); err != nil {
				return nil, err
			}
			if bad != "launch.shutdown" {
				close(done)
			}
			return &emptypb.Empty{}, nil
		}}}}, struct{}{})
	core, contract, protocol := 1, sdk.ContractVersion, "grpc"
	switch bad {
	case "launch.handshake core":
		core = 2
	case "launch.handshake contract":
		contract = 99
	case "launch.handshake protocol":
		protocol = "netrpc"
	}
	fmt.Printf("%d|%d|unix|%s|%s|%s\n", core, contract, listener.Addr(), protocol, certificate)
	if bad == "launch.stdout" {
		fmt.Println("Listening.")
	}
	if bad == "crash.noise" {
		listener = nervous{listener}
	}
	go func() { _ = server.Serve(listener) }()
	<-done
	time.Sleep(20 * time.Millisecond) // for the answer to leave
	server.Stop()
}

// serverTLS makes a certificate and asks for the host's.
func serverTLS(client string, bad defect) (*tls.Config, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true, IsCA: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(client))
	config := &tls.Config{MinVersion: tls.VersionTLS13, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	switch bad {
	case "launch.stranger any certificate":
		config.ClientAuth = tls.RequireAnyClientCert
	case "launch.stranger no certificate":
		config.ClientAuth = tls.NoClientCert
	}
	return config, raw
}

// nervous ends the process when it reads noise.
type nervous struct{ net.Listener }

func (l nervous) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return &nervousConn{Conn: c}, err
}

type nervousConn struct{ net.Conn }

func (c *nervousConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 3 && string(b[:4]) == "\x16\x03\x01\xff" || n > 3 && string(b[:4]) == "GET " {
		os.Exit(7)
	}
	return n, err
}
