//go:build linux

package main

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// operation is one of those measured. begin prepares a client and returns what it repeats; next names the
// subscriber of each repetition.
type operation struct {
	name   string
	target string
	hashes int // password hashes that the plugin computes
	floor  func(p primitives, commit time.Duration) time.Duration
	begin  func(ctx context.Context, c *caller, next func() subscriber) (func(context.Context) error, error)
}

var operations = []operation{
	{
		name: "login", hashes: 1,
		// The access token and the id_token are signed.
		floor: func(p primitives, commit time.Duration) time.Duration { return 2*p.Sign + 3*commit },
		begin: func(_ context.Context, c *caller, next func() subscriber) (func(context.Context) error, error) {
			return func(ctx context.Context) error {
				_, err := c.login(ctx, next(), "")
				return err
			}, nil
		},
	},
	{
		name: "login but the hash", target: "3 ms, 3 commits",
		floor: func(p primitives, commit time.Duration) time.Duration { return 2*p.Sign + 3*commit },
		begin: func(_ context.Context, c *caller, next func() subscriber) (func(context.Context) error, error) {
			return func(ctx context.Context) error {
				_, err := c.login(ctx, next(), plainACR)
				return err
			}, nil
		},
	},
	{
		name: "refresh", target: "0.8 ms, 1 commit",
		floor: func(p primitives, commit time.Duration) time.Duration { return 2*p.Sign + commit },
		begin: func(ctx context.Context, c *caller, next func() subscriber) (func(context.Context) error, error) {
			t, err := c.login(ctx, next(), "")
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context) error {
				last := t.Refresh
				fresh, err := c.token(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {last}})
				if err != nil {
					return err
				}
				if fresh.Refresh == "" || fresh.Refresh == last || fresh.Access == "" || fresh.ID == "" {
					return errors.New("the refresh token was not rotated")
				}
				t = fresh
				return nil
			}, nil
		},
	},
	{
		name: "client_credentials", target: "0.4 ms",
		floor: func(p primitives, commit time.Duration) time.Duration { return p.Sign + commit },
		begin: func(_ context.Context, c *caller, _ func() subscriber) (func(context.Context) error, error) {
			return func(ctx context.Context) error {
				t, err := c.token(ctx, url.Values{"grant_type": {"client_credentials"}})
				if err == nil && t.Access == "" {
					err = errors.New("no access token")
				}
				return err
			}, nil
		},
	},
	{
		name: "introspection", target: "0.3 ms",
		floor: func(p primitives, _ time.Duration) time.Duration { return p.Verify },
		begin: func(ctx context.Context, c *caller, next func() subscriber) (func(context.Context) error, error) {
			t, err := c.login(ctx, next(), "")
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context) error {
				a, err := c.do(ctx, http.MethodPost, c.issuer+"/introspect", url.Values{"token": {t.Access}}, c.authenticate)
				if err == nil && !strings.Contains(a.body, `"active":true`) {
					err = a.unexpected("/introspect")
				}
				return err
			}, nil
		},
	},
	{
		name: "discovery + JWKS", target: "0.1 ms",
		begin: func(_ context.Context, c *caller, _ func() subscriber) (func(context.Context) error, error) {
			return func(ctx context.Context) error {
				for path, expected := range map[string]string{"/.well-known/openid-configuration": c.issuer, "/keys": `"kid"`} {
					a, err := c.do(ctx, http.MethodGet, c.issuer+path, nil, nil)
					if err != nil {
						return err
					}
					if a.status != http.StatusOK || !strings.Contains(a.body, expected) {
						return a.unexpected(path)
					}
				}
				return nil
			}, nil
		},
	},
}

func names() []string {
	var list []string
	for _, op := range operations {
		list = append(list, op.name)
	}
	return list
}
