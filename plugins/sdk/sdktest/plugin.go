package sdktest

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/varco-id/varco/plugins/sdk"
)

// InstanceID is the instance a plugin under test is configured as.
const InstanceID = "under-test"

// Plugin is a plugin under test, configured and ready.
type Plugin struct {
	*sdk.Client
	Description *sdk.Description
	Now         time.Time    // what the next step is told; move it forward at will
	Effects     []sdk.Effect // what steps asked for, each key once

	t     testing.TB
	flows int
}

// Start serves p in this process and configures it with config (JSON).
func Start(t testing.TB, p sdk.Plugin, config string) *Plugin {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	server := sdk.NewServer(p)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(sdk.MaxMessage), grpc.MaxCallSendMsgSize(sdk.MaxMessage)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return configure(t, sdk.NewClient(conn), config)
}

// StartCommand launches a built plugin and configures it with config (JSON).
func StartCommand(t testing.TB, config string, command ...string) *Plugin {
	t.Helper()
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  sdk.Handshake,
		VersionedPlugins: sdk.PluginSets(),
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		Cmd:              exec.Command(command[0], command[1:]...),
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     10 * time.Second,
		Logger:           hclog.NewNullLogger(),
		SyncStderr:       t.Output(),
		Stderr:           t.Output(),
	})
	t.Cleanup(client.Kill)
	protocol, err := client.Client()
	if err != nil {
		t.Fatalf("launch %v: %v", command, err)
	}
	raw, err := protocol.Dispense("varco")
	if err != nil {
		t.Fatal(err)
	}
	plugin, ok := raw.(*sdk.Client)
	if !ok {
		t.Fatalf("dispensed a %T", raw)
	}
	return configure(t, plugin, config)
}

func configure(t testing.TB, client *sdk.Client, config string) *Plugin {
	t.Helper()
	if config == "" {
		config = "{}"
	}
	p := &Plugin{Client: client, Now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), t: t}
	var err error
	if p.Description, err = client.Describe(t.Context()); err != nil {
		t.Fatalf("describe: %v", err)
	}
	if err := p.Description.Validate(); err != nil {
		t.Fatal(err)
	}
	cfg := sdk.Configuration{InstanceID: InstanceID, Revision: "1", JSON: []byte(config), Keys: testKeys(p.Description)}
	problems, err := client.ValidateConfig(t.Context(), cfg)
	if err != nil || len(problems) > 0 {
		t.Fatalf("validate the configuration: %v %v", problems, err)
	}
	if err := client.Configure(t.Context(), cfg); err != nil {
		t.Fatalf("configure: %v", err)
	}
	return p
}

// Person returns a subscriber without credentials.
func (p *Plugin) Person(id string) *Person {
	return &Person{plugin: p, Subject: sdk.Subject{ID: id, Name: id + "@bank.test"}}
}

// Nobody starts a login for a name that does not exist.
func (p *Plugin) Nobody(method string) *Flow { return p.flow(nil, method, sdk.IntentLogin) }

func (p *Plugin) flow(person *Person, method string, intent sdk.Intent) *Flow {
	p.flows++
	return &Flow{plugin: p, person: person, Context: sdk.StepContext{
		InstanceID: InstanceID, MethodID: method, ConfigRevision: "1", FlowID: fmt.Sprintf("flow-%d", p.flows), Intent: intent,
		Locale: "en", Client: sdk.ClientInfo{ID: "bank", Name: "Bank"}, MaxStateVersion: p.Description.StateVersion,
		Browser: sdk.BrowserInfo{Address: "192.0.2.1", UserAgent: "test"}, RPID: "bank.test", Origins: []string{"https://bank.test"}, Identified: person != nil,
	}}
}
