package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be the varco that the scripts run, and the plugins that this varco starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "plugin" && os.Args[2] == "serve" {
		main()
		return
	}
	testscript.Main(m, map[string]func(){"varco": main})
}

// TestScripts runs testdata/*.txt: each is a story of an operator at a terminal.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			for _, name := range []string{"PORT", "BANK_PORT"} {
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					return err
				}
				_, port, _ := net.SplitHostPort(l.Addr().String())
				if err := l.Close(); err != nil {
					return err
				}
				e.Setenv(name, port)
			}
			// Unix sockets have short paths.
			e.Setenv("TMPDIR", filepath.Join(e.WorkDir, "t"))
			return os.MkdirAll(filepath.Join(e.WorkDir, "t"), 0o700)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"await":  await,
			"expand": expand,
		},
	})
}

// await waits until a URL answers 200: `await http://127.0.0.1:$PORT/readyz`.
func await(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(30 * time.Second)
	for time.Now().Before(deadline) {
		res, err := http.Get(args[0])
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%s does not answer", args[0])
}

// expand replaces $VARIABLES in files of the script: `expand varco.yaml`.
func expand(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		path := ts.MkAbs(name)
		raw, err := os.ReadFile(path)
		ts.Check(err)
		ts.Check(os.WriteFile(path, []byte(os.Expand(string(raw), func(v string) string {
			if value := ts.Getenv(v); value != "" {
				return value
			}
			return fmt.Sprintf("$%s", v)
		})), 0o600))
	}
}
