//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// report is everything measured in one run.
type report struct {
	Go         string     `json:"go"`
	Cores      int        `json:"cores"`
	Rounds     int        `json:"rounds"`
	Window     string     `json:"window"`
	Binary     int64      `json:"binary_bytes"`
	Primitives primitives `json:"primitives"`
	Boundary   boundary   `json:"boundary"`
	Databases  []result   `json:"databases"`
}

const mib = 1 << 20

func (r *report) print(out io.Writer) error {
	fmt.Fprintf(out, "%s, %d cores, median of %d rounds of %s. CPU in ms an operation. Binary %.1f MiB.\n", r.Go, r.Cores, r.Rounds, r.Window, float64(r.Binary)/mib)
	fmt.Fprintf(out, "Alone: argon2id %d KiB ×%d %s ms (%d at once: %s); ES256 signature %s, verification %s.\n\n", cost.memoryKiB, cost.iterations,
		ms(r.Primitives.Hash[clients[0]]), min(cores, clients[len(clients)-1]), ms(r.Primitives.Hash[clients[len(clients)-1]]), ms(r.Primitives.Sign), ms(r.Primitives.Verify))
	for i := range r.Databases {
		if err := r.Databases[i].print(out); err != nil {
			return err
		}
	}
	p := r.Boundary
	fmt.Fprintf(out, "a plugin's process: a step adds %s ms at p50 (target 0.2); first answer %s ms after the start of a bundled plugin (target 60), %s ms of a small one pinned by its content\n",
		ms(p.StepProcess-p.StepDirect), ms(p.Bundled), ms(p.Pinned))
	_, err := fmt.Fprintln(out, "cpu: server + plugins + database. rest: without the hash. floor: the signatures and the durable commits alone.")
	return err
}

func (r *result) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s\tat once\trate/s\tp50 ms\tp95\tp99\terrors\tcpu\tserver\tplugins\tdatabase\thash\trest\tcommits\tallocs\tfloor\trest/floor\ttarget\t\n", r.Database)
	for _, o := range r.Rows {
		hash, floor, ratio := "", "", ""
		if o.Hash > 0 {
			hash = ms(o.Hash)
		}
		if o.Floor > 0 {
			floor, ratio = ms(o.Floor), fmt.Sprintf("%.1f", float64(o.rest())/float64(o.Floor))
		}
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%.2f\t%.0f\t%s\t%s\t%s\t\n", o.Operation, o.Clients, o.Rate, ms(o.P50), ms(o.P95), ms(o.P99), o.Errors,
			ms(o.Server+o.Plugins+o.Database), ms(o.Server), ms(o.Plugins), ms(o.Database), hash, ms(o.rest()), o.Commits, o.Allocations, floor, ratio, o.Target)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, o := range r.Rows {
		if o.Errors > 0 {
			fmt.Fprintf(out, "%s, %d at once: %s\n", o.Operation, o.Clients, o.Error)
		}
	}
	fmt.Fprintf(out, "ready in %s ms with the bundled plugins (target 500), %s ms with one small plugin (target without any 200), %s ms the first time\n", ms(r.Ready), ms(r.ReadySmall), ms(r.First))
	fmt.Fprint(out, "one durable commit alone, CPU:")
	for _, n := range clients {
		fmt.Fprintf(out, " %s ms with %d at once;", ms(r.Commit[n]), n)
	}
	fmt.Fprintln(out)
	fmt.Fprintf(out, "idle, each second: CPU %s ms server, %s plugins, %s database; %.1f commits (taken off the figures above)\n",
		ms(r.Idle.CPU.Server), ms(r.Idle.CPU.Plugins), ms(r.Idle.CPU.Database), r.Idle.Commits)
	for _, m := range []struct {
		when string
		list []memory
	}{{"after the start", r.MemoryStart}, {"after the load and " + coolDown.String(), r.MemoryAfter}} {
		fmt.Fprintf(out, "memory %s:", m.when)
		for _, p := range m.list {
			fmt.Fprintf(out, " %s %.1f MiB (%.1f private);", p.Name, float64(p.Resident)/mib, float64(p.Private)/mib)
		}
		fmt.Fprintln(out, " target of the server 45 MiB")
	}
	_, err := fmt.Fprintln(out)
	return err
}

func ms(d time.Duration) string {
	v := float64(d) / float64(time.Millisecond)
	switch {
	case v < 0.1:
		return fmt.Sprintf("%.3f", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.1f", v)
}
