package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/varco-id/varco/plugins/host"
	"github.com/varco-id/varco/plugins/sdk"
)

// The test binary run as "… plugin serve NAME" is the plugin NAME: a real process, as in production.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "plugin" && os.Args[2] == "serve" { // as an interpreter, with its script
		servePlugin(os.Args[3])
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "plugin" && os.Args[2] == "serve" {
		servePlugin(os.Args[3])
		return
	}
	if dir := os.Getenv("HOST_TEST_DIR"); dir != "" {
		hostUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func servePlugin(name string) {
	switch name {
	case "garbage":
		fmt.Println("hello, I am not a plugin")
	case "flood":
		for {
			fmt.Print(strings.Repeat("x", 1<<16))
		}
	case "elsewhere":
		fmt.Println("1|1|unix|/run/somebody-else.sock|grpc|")
		select {}
	case "plain":
		// A plugin that ignores the host's certificate and shows none.
		l, err := net.Listen("unix", os.Getenv("PLUGIN_UNIX_SOCKET_DIR")+"/s")
		if err != nil {
			panic(err)
		}
		fmt.Printf("1|1|unix|%s|grpc|\n", l.Addr())
		panic(sdk.NewServer(&probe{name: name}).Serve(l))
	case "mute":
		select {}
	case "dead":
		fmt.Fprintln(os.Stderr, "cannot find the token file")
		os.Exit(3)
	case "bare":
		sdk.Serve(bare{})
	default:
		sdk.Serve(&probe{name: name})
	}
}

// bare offers nothing but its description.
type bare struct{ sdk.Stateless }

func (bare) Describe(context.Context) (*sdk.Description, error) {
	return &sdk.Description{Name: "bare", Version: "1.0.0"}, nil
}

// probe is a plugin that does what its input "do" says.
type probe struct {
	sdk.Stateless
	name string

	mu     sync.Mutex
	config sdk.Configuration
	seen   map[string]int
	turns  atomic.Int64
	eaten  [][]byte
}

func (p *probe) Describe(context.Context) (*sdk.Description, error) {
	title := "Probe"
	if p.name == "markup" {
		title = "<b>Probe</b>"
	}
	name := p.name
	if name == "alias" {
		name = "somebody-else"
	}
	d := &sdk.Description{
		Name: name, Version: "1.2.3", CredentialType: "probe", StateVersion: 1,
		Methods: []sdk.Method{{ID: "probe", Title: "title", Factors: []sdk.Factor{sdk.FactorKnowledge}, AMR: []string{"pwd", "pin"}, CanEnrol: true}},
		Texts:   map[string]map[string]string{"en": {"title": title, "question": "What do you want?"}},
	}
	if p.name == "signing" {
		d.InstanceKeys = []sdk.InstanceKey{{Name: "push", Kind: "hmac-sha256"}}
	}
	if p.name == "newer" {
		d.Version, d.StateVersion = "2.0.0", 2
	}
	if p.name == "many" {
		d.Methods = append(d.Methods, sdk.Method{ID: "other", Title: "title", Factors: d.Methods[0].Factors,
			AMR: d.Methods[0].AMR, IdentifiesSubject: true})
	}
	return d, nil
}

func (p *probe) ValidateConfig(_ context.Context, cfg sdk.Configuration) ([]sdk.Problem, error) {
	if strings.Contains(string(cfg.JSON), "wrong") {
		return []sdk.Problem{{Pointer: "/wrong", Message: "remove it"}}, nil
	}
	return nil, nil
}

func (p *probe) Configure(_ context.Context, cfg sdk.Configuration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config = cfg
	return nil
}

func (p *probe) Check(context.Context, string) (sdk.Health, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if strings.Contains(string(p.config.JSON), "ill") {
		return sdk.Health{Message: "the back end is away"}, nil
	}
	return sdk.Health{OK: true}, nil
}

func (p *probe) Begin(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	return sdk.Ask(sdk.Screen(sdk.T("title"), sdk.Field(sdk.TextField{Name: "do", Kind: sdk.FieldText, Label: sdk.T("question")}))), nil
}

func success() *sdk.StepResponse {
	return &sdk.StepResponse{Success: &sdk.Success{AMR: []string{"pwd"}, Evidence: fmt.Appendf(nil, "%d", os.Getpid())}}
}

func (p *probe) Continue(ctx context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	ok := success()
	switch r.Inputs["do"] {
	case "panic":
		panic("on purpose")
	case "panic in a goroutine":
		go func() { panic("on purpose") }()
		select {}
	case "exit":
		os.Exit(7)
	case "sleep":
		time.Sleep(20 * time.Second)
	case "script":
		main, err := os.ReadFile(os.Args[4])
		if err != nil {
			return nil, err
		}
		part, err := os.ReadFile("lib/part.script") // from the working directory, which is the copy
		if err != nil {
			return nil, err
		}
		if found, _ := filepath.Glob("*"); len(found) != 2 {
			return nil, fmt.Errorf("in the copy: %v", found)
		}
		ok.Success.Evidence = fmt.Appendf(nil, "%s+%s", main, part)
	case "spoil":
		if err := os.Remove(os.Args[4]); err != nil {
			return nil, err
		}
		if err := os.WriteFile(os.Args[4], []byte("evil"), 0o600); err != nil {
			return nil, err
		}
	case "highest version":
		ok.Success.Evidence = fmt.Append(nil, r.Context.MaxStateVersion)
	case "write version 2":
		ok.StateVersion = 2
	case "keys":
		p.mu.Lock()
		defer p.mu.Unlock()
		ok.Success.Evidence = fmt.Appendf(nil, "%d %s", len(p.config.Keys), p.config.Keys["push"])
	case "loop":
		go func() {
			for n := 0; ; n++ {
				p.turns.Store(int64(n))
			}
		}()
		select {}
	case "eat":
		for {
			p.eaten = append(p.eaten, bytes.Repeat([]byte{1}, 1<<20))
		}
	case "two seconds":
		time.Sleep(2 * time.Second)
	case "stop":
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		time.Sleep(20 * time.Second) // the stop may reach this thread last
	case "print":
		for range 1000 {
			fmt.Println(strings.Repeat("out ", 50))
			fmt.Fprintln(os.Stderr, strings.Repeat("err ", 50))
		}
	case "attributes":
		ok.Success.Attributes = r.Context.Subject.Attributes
	case "unavailable":
		return nil, sdk.Unavailable(errors.New("directory is down"))
	case "unavailable once":
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.seen == nil {
			p.seen = make(map[string]int)
		}
		if p.seen[r.Context.IdempotencyKey]++; p.seen[r.Context.IdempotencyKey] == 1 {
			return nil, sdk.Unavailable(errors.New("directory is down"))
		}
	case "late":
		return nil, sdk.Unavailable(context.DeadlineExceeded)
	case "exhausted":
		return nil, sdk.ResourceExhausted(90 * time.Second)
	case "not configured":
		return nil, sdk.NotConfigured(errors.New("no such instance"))
	case "aborted":
		return nil, sdk.Aborted(errors.New("lost"))
	case "bug":
		return nil, errors.New("on purpose")
	case "subject":
		ok.Success.Subject = "mallory"
	case "amr":
		ok.Success.AMR = []string{"pwd", "hwk"}
	case "state":
		ok.State = make([]byte, sdk.MaxState+1)
	case "credential":
		ok.Success.CredentialID = "somebody else's"
	case "size":
		ok.Success.Evidence = make([]byte, sdk.MaxMessage+1)
	case "view":
		return sdk.Ask(sdk.Screen(sdk.T("title"), sdk.Say(sdk.T("question", "x", strings.Repeat("x", sdk.MaxView))))), nil
	case "text":
		return sdk.Ask(sdk.Screen(sdk.T("no such key"))), nil
	case "two outcomes":
		ok.Failure = &sdk.Failure{Reason: sdk.ReasonExpired}
	}
	return ok, nil
}

func (p *probe) Cancel(context.Context, *sdk.StepRequest) error { return nil }

func (p *probe) BeginEnroll(context.Context, *sdk.StepRequest) (*sdk.StepResponse, error) {
	return success(), nil
}

func (p *probe) ContinueEnroll(_ context.Context, r *sdk.StepRequest) (*sdk.StepResponse, error) {
	ok := success()
	ok.CredentialChanges = []sdk.CredentialChange{{Kind: sdk.ChangeCreate, Data: []byte("secret"), Version: 1}}
	return ok, nil
}

func (p *probe) Revoke(context.Context, string, sdk.Credential) error { return nil }

func (p *probe) ImportCredentials(_ context.Context, _ string, in []sdk.ImportInput) ([]sdk.ImportResult, error) {
	var out []sdk.ImportResult
	for range in {
		out = append(out, sdk.ImportResult{Change: sdk.CredentialChange{Kind: sdk.ChangeCreate, Data: []byte("secret")}})
	}
	return out, nil
}

func (p *probe) Send(_ context.Context, m sdk.Message) (*sdk.SendResult, error) {
	return &sdk.SendResult{Accepted: true, ProviderID: m.IdempotencyKey}, nil
}

// Wrap says what came in, and whether it came once or, after a fault, twice.
func (p *probe) Wrap(_ context.Context, instance, key string, plaintext, associatedData []byte) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil {
		p.seen = make(map[string]int)
	}
	p.seen[key]++
	switch {
	case key == "away":
		return nil, sdk.Unavailable(errors.New("the KMS is down"))
	case key == "away once" && p.seen[key] == 1:
		return nil, sdk.Unavailable(errors.New("the KMS is down"))
	}
	return fmt.Appendf(nil, "%s %s %s %s", instance, key, plaintext, associatedData), nil
}

func (p *probe) Unwrap(_ context.Context, _, _ string, ciphertext, _ []byte) ([]byte, error) {
	return bytes.ToUpper(ciphertext), nil
}

func (p *probe) Sign(_ context.Context, _, _ string, digest []byte) ([]byte, error) {
	return digest, nil
}

// hostUntilKilled is the process of a host that a test kills: it prints the id of its plugin's process.
func hostUntilKilled(dir string) {
	h, err := host.New(host.Options{Dir: dir, Instances: []host.InstanceConfig{{ID: "a", Plugin: "probe"}}})
	if err != nil {
		panic(err)
	}
	go h.Run(context.Background())
	h.WaitReady(context.Background())
	fmt.Println(h.Status()[0].PID)
	select {}
}
