package provider

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

// Operations on the keys that sign tokens.
var (
	KeysList   = operation("keys.list", (*Admin).keysList)
	KeysRotate = operation("keys.rotate", (*Admin).keysRotate)
	KeysRevoke = operation("keys.revoke", (*Admin).keysRevoke)

	// Operations on the keys of plugins' instances.
	KeysInstances      = operation("keys.instances", (*Admin).keysInstances)
	KeysRotateInstance = operation("keys.rotate_instance", (*Admin).keysRotateInstance)
)

// KeyInfo is a key that signs tokens. It is published from CreatedAt, signs from ActiveAt to RetiredAt, and stays
// published until ExpiresAt.
type KeyInfo struct {
	ID        string    `json:"kid"`
	Alg       string    `json:"alg"`
	State     string    `json:"state"` // published, signing, retired
	CreatedAt time.Time `json:"created_at"`
	ActiveAt  time.Time `json:"active_at"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// KeyRotation asks for new signing keys.
type KeyRotation struct {
	Algs   []string `json:"algs"`    // ES256, RS256; empty: both
	AtOnce bool     `json:"at_once"` // sign within seconds instead of after publish_ahead: for a key that may have leaked
}

func (a *Admin) keysList(ctx context.Context, _ None) ([]KeyInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := d.keys.List(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	infos := make([]KeyInfo, len(rows))
	for i, r := range rows {
		infos[i] = KeyInfo{ID: r.KeyID, Alg: r.Alg, State: "signing", CreatedAt: r.CreatedAt, ActiveAt: r.ActiveAt, RetiredAt: r.RetiredAt, ExpiresAt: r.ExpiresAt}
		switch {
		case now.Before(r.ActiveAt):
			infos[i].State = "published"
		case !r.RetiredAt.IsZero() && !now.Before(r.RetiredAt):
			infos[i].State = "retired"
		}
	}
	return infos, nil
}

func (a *Admin) keysRotate(ctx context.Context, in KeyRotation) ([]KeyInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	if len(in.Algs) == 0 {
		in.Algs = []string{"ES256", "RS256"}
	}
	for _, alg := range in.Algs {
		if alg != "ES256" && alg != "RS256" {
			return nil, fault.New(fault.Invalid, "there is no algorithm "+alg+": write ES256 or RS256")
		}
		if err := d.keys.Rotate(ctx, actorOf(ctx), alg, in.AtOnce); err != nil {
			return nil, err
		}
	}
	return a.keysList(ctx, None{})
}

func (a *Admin) keysRevoke(ctx context.Context, in ByID) ([]KeyInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	err = d.keys.Revoke(ctx, actorOf(ctx), in.ID)
	if fault.Is(err, fault.NotFound) {
		err = d.instance.Revoke(ctx, actorOf(ctx), in.ID)
	}
	if err != nil {
		return nil, err
	}
	return a.keysList(ctx, None{})
}
