package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/varco-id/varco/provider/internal/audit"
	"github.com/varco-id/varco/provider/internal/sealing"
)

// Operations on the keys that seal secrets.
var (
	KeysSealing        = operation("keys.sealing", (*Admin).keysSealing)
	KeysRotateWrapping = operation("keys.rotate_wrapping", (*Admin).keysRotateWrapping)
	KeysRotateSealing  = operation("keys.rotate_sealing", (*Admin).keysRotateSealing)
)

// KeysetInfo is the data keys of one class of secrets.
type KeysetInfo struct {
	Class   string `json:"class"`
	KEK     string `json:"kek"` // id of the key-encryption key that wraps it
	Version int64  `json:"version"`
}

// KeysetChange is what a rotation of sealing keys did.
type KeysetChange struct {
	Changed int          `json:"changed"`
	Keysets []KeysetInfo `json:"keysets"`
}

func (a *Admin) keysSealing(ctx context.Context, _ None) ([]KeysetInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	list, err := d.box.Status(ctx)
	if err != nil {
		return nil, err
	}
	infos := make([]KeysetInfo, len(list))
	for i, k := range list {
		infos[i] = KeysetInfo{Class: string(k.Class), KEK: k.KEK, Version: k.Version}
	}
	return infos, nil
}

func (a *Admin) keysRotateWrapping(ctx context.Context, _ None) (KeysetChange, error) {
	return a.changeKeysets(ctx, audit.KEKRotated, (*sealing.Keyring).Rewrap)
}

func (a *Admin) keysRotateSealing(ctx context.Context, _ None) (KeysetChange, error) {
	return a.changeKeysets(ctx, audit.KeyCreated, (*sealing.Keyring).Rotate)
}

func (a *Admin) changeKeysets(ctx context.Context, kind audit.Kind, change func(*sealing.Keyring, context.Context) (int, error)) (KeysetChange, error) {
	before, err := a.keysSealing(ctx, None{})
	if err != nil {
		return KeysetChange{}, err
	}
	n, err := change(a.domains.box, ctx)
	if err != nil {
		return KeysetChange{}, err
	}
	after, err := a.keysSealing(ctx, None{})
	if err != nil || n == 0 {
		return KeysetChange{Keysets: after}, err
	}
	event := audit.Event{Kind: kind, Actor: actorOf(ctx), Data: map[string]string{"use": "sealing", "keysets": fmt.Sprint(n), "from": keks(before), "to": keks(after)}}
	return KeysetChange{Changed: n, Keysets: after}, audit.Write(ctx, a.store, a.store, event)
}

// keks names the key-encryption keys in use.
func keks(list []KeysetInfo) string {
	var ids []string
	seen := map[string]bool{}
	for _, k := range list {
		if !seen[k.KEK] {
			seen[k.KEK] = true
			ids = append(ids, k.KEK)
		}
	}
	return strings.Join(ids, " ")
}
