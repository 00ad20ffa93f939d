package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/varco-id/varco/provider/internal/audit"
)

// diagnose is the part of an examination that needs the opened installation.
var diagnose = operation("diagnose", (*Admin).diagnose)

func (a *Admin) diagnose(ctx context.Context, _ None) ([]Check, error) {
	var cs checks
	if a.checkDatabase(ctx, &cs) && a.checkSealing(ctx, &cs) {
		a.checkSigningKeys(ctx, &cs)
		a.checkAudit(ctx, &cs)
		a.checkClients(ctx, &cs)
	}
	a.checkPlugins(ctx, &cs)
	return cs, nil
}

// maxSkew is how far the clocks of this machine and the database may be apart: codes live for a minute, one-time codes for half.
const maxSkew = 5 * time.Second

func (a *Admin) checkDatabase(ctx context.Context, cs *checks) bool {
	const name = "database"
	if err := a.store.Ping(ctx); err != nil {
		cs.wrong(name, err.Error(), "look at the server, the network and database.url")
		return false
	}
	if err := a.store.CheckSchema(ctx); err != nil {
		cs.wrong(name, err.Error(), "run `varco db migrate`")
		return false
	}
	if a.store.Dialect() == "postgres" {
		var micros int64
		before := time.Now()
		if err := a.store.QueryRowContext(ctx, "SELECT CAST(EXTRACT(EPOCH FROM CLOCK_TIMESTAMP()) * 1000000 AS BIGINT)").Scan(&micros); err != nil {
			cs.wrong(name, "its clock cannot be read: "+err.Error(), "")
			return true
		}
		middle := before.Add(time.Since(before) / 2)
		if skew := time.UnixMicro(micros).Sub(middle).Abs(); skew > maxSkew {
			cs.wrong(name, fmt.Sprintf("its clock and this machine's are %s apart", skew.Round(time.Millisecond)), "synchronise both with NTP")
			return true
		}
	}
	cs.ok(name, a.store.Dialect()+" answers, the schema is up to date")
	return true
}

func (a *Admin) checkSealing(ctx context.Context, cs *checks) bool {
	const name = "sealing"
	d, err := a.ready(ctx)
	if err != nil {
		cs.wrong(name, err.Error(), "without the right key-encryption key nobody can sign in: restore it from its backup")
		return false
	}
	list, err := d.box.Status(ctx)
	if err != nil {
		cs.wrong(name, err.Error(), "")
		return false
	}
	keys, err := a.keyService(ctx)
	if err != nil {
		cs.wrong(name, err.Error(), "")
		return true
	}
	first, err := a.config.keks(keys)
	if err != nil {
		cs.wrong(name, err.Error(), "the running server still has the key in memory: restore the file before it restarts")
		return true
	}
	for _, k := range list {
		if k.KEK != first[0].ID() {
			cs.warn(name, "not every keyset is wrapped by the first key-encryption key", "run `varco keys rotate-wrapping`; until then the old key must stay in sealing.kek")
			return true
		}
	}
	cs.ok(name, fmt.Sprintf("%d keysets open under %s", len(list), first[0].ID()))
	return true
}

func (a *Admin) checkSigningKeys(ctx context.Context, cs *checks) {
	const name = "signing keys"
	list, err := a.keysList(ctx, None{})
	if err != nil {
		cs.wrong(name, err.Error(), "")
		return
	}
	signing := map[string]time.Time{}
	for _, k := range list {
		if k.State == "signing" {
			signing[k.Alg] = k.ActiveAt
		}
	}
	late := time.Duration(a.config.SigningKeys.Rotate) + 24*time.Hour
	for _, alg := range []string{"ES256", "RS256"} {
		switch since, ok := signing[alg]; {
		case !ok && len(list) == 0:
			cs.warn(name, "there is no key yet", "a server makes them when it first starts")
			return
		case !ok:
			cs.wrong(name, "no key signs "+alg, "run `varco keys rotate --at-once --alg "+alg+"`")
			return
		case time.Since(since) > late:
			cs.warn(name, "the key for "+alg+" signs since "+since.Format(time.DateOnly)+": rotation is overdue", "look at the server's log for what keeps it from rotating")
			return
		}
	}
	cs.ok(name, fmt.Sprintf("%d published, ES256 and RS256 sign", len(list)))
}

// maxUnsealed is how long an event may wait to be sealed.
const maxUnsealed = time.Minute

func (a *Admin) checkAudit(ctx context.Context, cs *checks) {
	const name = "audit log"
	state, err := a.store.LogState(ctx, a.store)
	if err != nil {
		cs.wrong(name, err.Error(), "")
		return
	}
	if state.Size > 0 {
		if _, err := audit.Open(state.Checkpoint, a.domains.audit.known); err != nil {
			cs.wrong(name, "its head is not signed by a known key: "+err.Error(), "if audit.checkpoint_key or audit.origin changed, put the former key (`varco audit key`) into audit.former_keys; else run `varco audit verify`")
			return
		}
	}
	waiting, err := a.store.UnsealedAudit(ctx, a.store, 1)
	if err != nil {
		cs.wrong(name, err.Error(), "")
		return
	}
	if len(waiting) > 0 && time.Since(time.UnixMicro(waiting[0].At)) > maxUnsealed {
		cs.warn(name, "events wait unsealed since "+time.UnixMicro(waiting[0].At).Format(time.RFC3339), "a running server seals each second: start one, or look at its log")
		return
	}
	cs.ok(name, fmt.Sprintf("%d events sealed, the head is signed by a known key", state.Size))
}

func (a *Admin) checkClients(ctx context.Context, cs *checks) {
	const name = "relying parties"
	list, err := a.clientList(ctx, None{})
	switch {
	case err != nil:
		cs.wrong(name, err.Error(), "")
	case len(list) == 0:
		cs.warn(name, "there is none: nobody can sign in anywhere", "declare them under clients, or run `varco client add`")
	default:
		cs.ok(name, fmt.Sprintf("%d registered", len(list)))
	}
}
