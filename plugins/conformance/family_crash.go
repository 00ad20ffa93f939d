package conformance

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/varco-id/varco/plugins/sdk"
)

var crashRules = []Rule{
	{ID: "crash.killed", check: checkKilled, Where: whereStep,
		Says: "a flow goes on in a new process when the old one was killed: before, during and after a step",
		Fix:  "keep nothing in the process that a flow needs; a repeated call must do what the first would have done"},
	{ID: "crash.stopped", check: checkStopped, Where: whereHandshake,
		Says: "a process that was stopped (SIGSTOP) serves again when it goes on",
		Fix:  "do not end on SIGCONT, nor on calls that were given up meanwhile"},
	{ID: "crash.cancelled", check: checkCancelled, Where: whereStep,
		Says: "calls that are given up do no harm",
		Fix:  "release what a call holds when its context ends"},
	{ID: "crash.oversize", check: checkOversize, Where: "plugins/sdk/limits.go",
		Says: "a request over 1 MiB is refused and does no harm",
		Fix:  "limit the size of messages on the server (1 MiB) and go on serving"},
	{ID: "crash.noise", check: checkNoise, Where: whereHandshake,
		Says: "noise on the socket does no harm",
		Fix:  "leave the connection to the gRPC server; do not end the process when a connection fails"},
	{ID: "crash.alive", check: checkAlive, last: true, Where: whereStep,
		Says: "the process never ended by itself",
		Fix:  "recover from a panic in a call and answer INTERNAL: one crafted input must not end the logins of everybody else"},
}

// serves fails the rule if a process does not answer any more.
func (v *verdict) serves(what string, p *process) {
	if p.waitExit(100 * time.Millisecond) { // what was done to it may take a moment to show
		v.fail("%s, the process ended: %s", what, p.ending())
		p.mean() // told here
		return
	}
	if err := v.reaches(p.Client); err != nil {
		v.fail("%s, a call fails: %v", what, err)
		p.kill() // it may be about to end, and the next rule is not to be told of that
	}
}

func checkKilled(v *verdict) {
	v.needs(sdk.ServiceAuthenticator)
	p := v.launch()
	defer func() { p.kill() }()
	restart := func() { p.kill(); p = v.launch() }
	v.methods(func(m *sdk.Method) {
		who := v.working(m)
		a := v.almost(m, who.clone(), p)
		restart() // before the step
		a.on = func() *process { return p }
		answer, err := a.proceed(v.ctx, a.inputs)
		if errors.Is(err, errRefused) {
			v.ended(err)
		}
		v.made()
		if err != nil || answer.Success == nil {
			v.fail("killed before the last step; then the right answer ends with %s", said(answer, err))
			return
		}
		// After it: the host did not get the answer and asks again with the same key and the same data.
		again, err := a.repeat(v.ctx, p)
		if err != nil || again.Success == nil {
			v.fail("the repeated call ends with %s", said(again, err))
			return
		}
		b := v.almost(m, who.clone(), p)
		r := b.request(b.inputs)
		_, next := b.ops()
		b.last, b.lastOp = r, next
		var wg sync.WaitGroup
		victim := p
		wg.Go(func() { _, _ = v.call(v.ctx, victim, next, r, b.person) })
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
		restart() // during the step
		wg.Wait()
		if again, err = b.repeat(v.ctx, p); err != nil || again.Success == nil {
			v.fail("killed during the last step; repeated, it ends with %s", said(again, err))
		}
	})
}

func checkStopped(v *verdict) {
	p := v.suffering()
	p.signal(syscall.SIGSTOP)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			ctx, cancel := v.within(150 * time.Millisecond)
			defer cancel()
			_, _ = p.Check(ctx, instanceID)
		})
	}
	wg.Wait()
	p.signal(syscall.SIGCONT)
	v.serves("after SIGSTOP and SIGCONT", p)
}

func checkCancelled(v *verdict) {
	v.described()
	p := v.suffering()
	for i := range 40 {
		ctx, cancel := context.WithCancel(v.ctx)
		time.AfterFunc(time.Duration(i*50)*time.Microsecond, cancel)
		if len(v.description.Methods) > 0 {
			m := &v.description.Methods[0]
			_, _ = p.Begin(ctx, v.newFlow(m, v.newPerson("hasty"), false, p).request(nil))
		} else {
			_, _ = p.Check(ctx, instanceID)
		}
		cancel()
	}
	v.serves("after calls that were given up", p)
}

func checkOversize(v *verdict) {
	v.described()
	p := v.suffering()
	ctx, cancel := v.within(5 * time.Second)
	defer cancel()
	_, err := p.ValidateConfig(ctx, sdk.Configuration{InstanceID: instanceID, Revision: "1",
		JSON: []byte(`{"zz":"` + strings.Repeat("a", 2*sdk.MaxMessage) + `"}`)})
	if err == nil && len(v.description.ConfigSchema) > 0 {
		v.detail("the plugin takes messages over 1 MiB")
	}
	v.serves("after a request of 2 MiB", p)
}

func checkNoise(v *verdict) {
	p := v.suffering()
	for _, noise := range []string{"", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", strings.Repeat("\x16\x03\x01\xff", 4096)} {
		var d net.Dialer
		conn, err := d.DialContext(v.ctx, p.handshake.network, p.handshake.address)
		if err != nil {
			v.fail("the socket takes no connection: %v", err)
			break
		}
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte(noise))
		_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		_, _ = io.Copy(io.Discard, conn) // until it was heard
		conn.Close()
	}
	v.serves("after noise", p)
}

func checkAlive(v *verdict) {
	v.launched()
	v.walk()
	for _, p := range v.tracked() {
		if p.handshake.address != "" && p.died() {
			v.fail("a process ended: %s", p.ending())
		}
	}
}
