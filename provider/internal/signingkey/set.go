package signingkey

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/sealing"
)

// Set is the keys at one moment: immutable, shared by all requests until the next is loaded.
type Set struct {
	JWKS    []byte // the JSON Web Key Set to serve
	ETag    string // quoted, changes with JWKS
	keys    map[string]*jose.JSONWebKey
	signers []*Signer
	rows    []Row
	until   time.Time
}

// Key returns the public key of a key id, nil if it is not published: a signature by it counts no more.
func (s *Set) Key(keyID string) *jose.JSONWebKey { return s.keys[keyID] }

// signer is the newest key of alg that signs at t, nil when there is none.
func (s *Set) signer(alg string, t time.Time) *Signer {
	var best *Signer
	for _, c := range s.signers {
		if c.Alg == alg && c.signsAt(t) && (best == nil || c.activeAt.After(best.activeAt)) {
			best = c
		}
	}
	return best
}

// newSet opens what rows hold at now; signers opened before are taken over, for unsealing costs.
func newSet(box sealing.Box, rows []Row, now time.Time, old *Set) (*Set, error) {
	// The newest first: clients that ignore kid try the first key of a kind.
	slices.SortFunc(rows, func(a, b Row) int {
		if c := b.ActiveAt.Compare(a.ActiveAt); c != 0 {
			return c
		}
		return strings.Compare(a.KeyID, b.KeyID)
	})
	s := &Set{keys: map[string]*jose.JSONWebKey{}, rows: rows}
	public := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: []json.RawMessage{}}
	for _, r := range rows {
		if !r.ExpiresAt.IsZero() && !now.Before(r.ExpiresAt) {
			continue
		}
		var jwk jose.JSONWebKey
		if err := jwk.UnmarshalJSON(r.PublicJWK); err != nil {
			return nil, fmt.Errorf("decode public key %s: %w", r.KeyID, err)
		}
		s.keys[r.KeyID] = &jwk
		public.Keys = append(public.Keys, r.PublicJWK)
		if !r.RetiredAt.IsZero() && !now.Before(r.RetiredAt) {
			continue
		}
		signer, err := s.reuse(box, r, old)
		if err != nil {
			return nil, err
		}
		s.signers = append(s.signers, signer)
	}
	var err error
	if s.JWKS, err = json.Marshal(public); err != nil {
		return nil, fmt.Errorf("encode key set: %w", err)
	}
	sum := sha256.Sum256(s.JWKS)
	s.ETag = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	return s, nil
}

func (s *Set) reuse(box sealing.Box, r Row, old *Set) (*Signer, error) {
	if old != nil {
		for _, o := range old.signers {
			if o.KeyID == r.KeyID {
				return &Signer{KeyID: o.KeyID, Alg: o.Alg, activeAt: r.ActiveAt, retiredAt: r.RetiredAt, byType: o.byType}, nil
			}
		}
	}
	return open(box, r)
}
