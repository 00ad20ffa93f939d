package provider

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/varco-id/varco/provider/internal/subscriber"
)

// Operations on subscribers. An id is the subscriber's id (the OIDC sub) or a name.
var (
	SubscriberAdd     = operation("subscriber.add", (*Admin).subscriberAdd)
	SubscriberShow    = operation("subscriber.show", (*Admin).subscriberShow)
	SubscriberList    = operation("subscriber.list", (*Admin).subscriberList)
	SubscriberBlock   = operation("subscriber.block", (*Admin).subscriberBlock)
	SubscriberUnblock = operation("subscriber.unblock", (*Admin).subscriberUnblock)
	SubscriberRemove  = operation("subscriber.remove", (*Admin).subscriberRemove)
)

// NewSubscriber is a subscriber to add.
type NewSubscriber struct {
	Username string         `json:"username"`
	Aliases  []string       `json:"aliases,omitempty"`
	Locale   string         `json:"locale,omitempty"` // BCP 47
	Claims   map[string]any `json:"claims,omitempty"` // OIDC standard claims (Core 5.1), without sub
	// Credentials by plugin instance, each in the form its plugin documents: {"password": {"password": "…"}}.
	Credentials map[string]json.RawMessage `json:"credentials,omitempty"`
}

// SubscriberInfo is a subscriber as an operator sees it.
type SubscriberInfo struct {
	ID            string           `json:"id"` // the OIDC sub
	Status        string           `json:"status"`
	BlockedReason string           `json:"blocked_reason,omitempty"`
	Locale        string           `json:"locale,omitempty"`
	Claims        json.RawMessage  `json:"claims,omitempty"`
	Names         []NameInfo       `json:"names,omitempty"`
	Credentials   []CredentialInfo `json:"credentials,omitempty"`
	CreatedAt     time.Time        `json:"created_at"`
	UpdatedAt     time.Time        `json:"updated_at"`
}

// NameInfo is a name to sign in with.
type NameInfo struct {
	Name    string `json:"name"`
	Kind    string `json:"kind"`
	Retired bool   `json:"retired,omitempty"`
}

// CredentialInfo is a bound authenticator, without its secret.
type CredentialInfo struct {
	ID         string    `json:"id"`
	Instance   string    `json:"instance"`
	Label      string    `json:"label,omitempty"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at,omitzero"`
}

// StatusChange blocks or unblocks.
type StatusChange struct {
	ID     string `json:"id"`
	Reason string `json:"reason,omitempty"`
}

// SubscriberPage asks for subscribers whose ids follow After.
type SubscriberPage struct {
	After string `json:"after,omitempty"`
	Limit int    `json:"limit"` // 1 to 1000
}

func subscriberInfo(s subscriber.Subscriber) SubscriberInfo {
	return SubscriberInfo{ID: s.ID, Status: string(s.Status), BlockedReason: s.BlockedReason, Locale: s.Locale, Claims: s.Claims,
		CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt}
}

func (a *Admin) subscriberAdd(ctx context.Context, in NewSubscriber) (SubscriberInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return SubscriberInfo{}, err
	}
	n := subscriber.New{Username: in.Username, Aliases: in.Aliases, Locale: in.Locale, Claims: in.Claims}
	for _, instance := range slices.Sorted(maps.Keys(in.Credentials)) {
		n.Credentials = append(n.Credentials, subscriber.NewCredential{Instance: instance, JSON: in.Credentials[instance]})
	}
	s, err := d.subscribers.Add(ctx, actorOf(ctx), n)
	if err != nil {
		return SubscriberInfo{}, err
	}
	return a.subscriberShow(ctx, ByID{s.ID})
}

func (a *Admin) subscriberShow(ctx context.Context, in ByID) (SubscriberInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return SubscriberInfo{}, err
	}
	found, err := d.subscribers.Show(ctx, in.ID)
	if err != nil {
		return SubscriberInfo{}, err
	}
	info := subscriberInfo(found.Subscriber)
	for _, n := range found.Names {
		info.Names = append(info.Names, NameInfo{Name: n.Shown, Kind: string(n.Kind), Retired: n.Retired})
	}
	for _, c := range found.Credentials {
		info.Credentials = append(info.Credentials, CredentialInfo{ID: c.ID, Instance: c.Instance, Label: c.Label, CreatedAt: c.CreatedAt, LastUsedAt: c.LastUsedAt})
	}
	return info, nil
}

func (a *Admin) subscriberList(ctx context.Context, in SubscriberPage) ([]SubscriberInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return nil, err
	}
	list, err := d.subscribers.List(ctx, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	infos := make([]SubscriberInfo, len(list))
	for i := range list {
		infos[i] = subscriberInfo(list[i])
	}
	return infos, nil
}

func (a *Admin) subscriberBlock(ctx context.Context, in StatusChange) (SubscriberInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return SubscriberInfo{}, err
	}
	s, err := d.subscribers.Block(ctx, actorOf(ctx), in.ID, in.Reason)
	if err != nil {
		return SubscriberInfo{}, err
	}
	return subscriberInfo(*s), nil
}

func (a *Admin) subscriberUnblock(ctx context.Context, in StatusChange) (SubscriberInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return SubscriberInfo{}, err
	}
	s, err := d.subscribers.Unblock(ctx, actorOf(ctx), in.ID, in.Reason)
	if err != nil {
		return SubscriberInfo{}, err
	}
	return subscriberInfo(*s), nil
}

func (a *Admin) subscriberRemove(ctx context.Context, in ByID) (SubscriberInfo, error) {
	d, err := a.ready(ctx)
	if err != nil {
		return SubscriberInfo{}, err
	}
	s, err := d.subscribers.Remove(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return SubscriberInfo{}, err
	}
	return subscriberInfo(*s), nil
}
