// Package sdktest drives a plugin the way the Varco host does, over real gRPC, from a Go test. [Start] serves a plugin
// of the same program; [StartCommand] launches a built one, in any language, with the host's handshake and mutual TLS.
//
//	p := sdktest.Start(t, grid.New(), `{"rows": 5}`)
//	sdktest.Run(t, p)                          // the rules that hold for every plugin
//	alice := p.Person("alice")
//	alice.Enrol("grid").Begin()                // what the step changes is committed to alice
//	r := alice.Login("grid").Begin()
//
// Every answer is checked against the contract, as the host checks it; a broken rule fails the test.
//
// This package owns the driving and the common rules. It does not own supervision (plugins/host), nor the host's
// sealing: state is handed back as it was, to the flow it came from.
package sdktest
