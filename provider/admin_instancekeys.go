package provider

import (
	"context"
	"time"

	"github.com/varco-id/varco/provider/internal/fault"
)

// InstanceKeyInfo is a key of an instance of a plugin. The newest of its name is in use; one before it is handed over until ExpiresAt.
type InstanceKeyInfo struct {
	ID        string    `json:"kid"`
	Instance  string    `json:"instance"`
	Name      string    `json:"name"`
	Kind      string    `json:"kind"`
	State     string    `json:"state"` // in use, kept, expired
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// InstanceKeyRotation asks for new keys of an instance.
type InstanceKeyRotation struct {
	Instance string `json:"instance"`
	Name     string `json:"name,omitempty"` // of one key; empty: all of the instance
}

func (a *Admin) keysInstances(ctx context.Context, _ None) ([]InstanceKeyInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := d.instance.List(ctx)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	infos := make([]InstanceKeyInfo, len(rows))
	for i, r := range rows {
		infos[i] = InstanceKeyInfo{ID: r.KeyID, Instance: r.Instance, Name: r.Name, Kind: r.Kind, State: "in use", CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt}
		switch {
		case r.ExpiresAt.IsZero():
		case now.Before(r.ExpiresAt):
			infos[i].State = "kept"
		default:
			infos[i].State = "expired"
		}
	}
	return infos, nil
}

func (a *Admin) keysRotateInstance(ctx context.Context, in InstanceKeyRotation) ([]InstanceKeyInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	if in.Instance == "" {
		return nil, fault.New(fault.Invalid, "which instance: `varco keys list` shows them")
	}
	if err := d.instance.Rotate(ctx, actorOf(ctx), in.Instance, in.Name); err != nil {
		return nil, err
	}
	return a.keysInstances(ctx, None{})
}
