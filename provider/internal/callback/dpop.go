package callback

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// The algorithms of proofs. What a phone's secure hardware speaks is ES256.
var proofAlgs = []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA}

const (
	proofType  = "dpop+jwt"
	maxProof   = 4 << 10 // bytes; a proof has about 600
	maxProofID = 256     // bytes of its jti
	algsOffer  = "ES256 EdDSA"
)

// proof is a DPoP proof whose signature is good.
type proof struct {
	thumbprint string // of its key: base64url SHA-256 (RFC 7638)
	nonce      string
	once       string // names the proof, for all time
}

var errProof = errors.New("not a DPoP proof")

// proofClaims are those of RFC 9449 section 4.2 that count here. ath belongs to access tokens.
type proofClaims struct {
	ID       string   `json:"jti"`
	Method   string   `json:"htm"`
	URL      string   `json:"htu"`
	IssuedAt *float64 `json:"iat"`
	Nonce    string   `json:"nonce"`
}

// checkProof verifies the DPoP header of a request to target (RFC 9449 section 4.3). The age of a proof is told by the server's
// nonce and not by its iat (the same section, point 11): a phone whose clock is wrong must still be able to answer.
func checkProof(h http.Header, method string, target *url.URL) (*proof, error) {
	values := h.Values("Dpop")
	if len(values) != 1 || len(values[0]) > maxProof {
		return nil, errProof
	}
	p, claims, err := parseProof(values[0])
	if err != nil {
		return nil, err
	}
	switch {
	case claims.Method != method:
		return nil, errors.New("DPoP proof for another method")
	case !sameTarget(claims.URL, target):
		return nil, errors.New("DPoP proof for another address")
	}
	return p, nil
}

// parseProof verifies a proof with the key it brings. What that key is worth, the plugin knows.
func parseProof(compact string) (*proof, *proofClaims, error) {
	jws, err := jose.ParseSignedCompact(compact, proofAlgs)
	if err != nil || len(jws.Signatures) != 1 {
		return nil, nil, errProof
	}
	head := jws.Signatures[0].Protected
	if head.ExtraHeaders[jose.HeaderType] != proofType || head.JSONWebKey == nil || !fitting(head.JSONWebKey) {
		return nil, nil, errProof
	}
	payload, err := jws.Verify(head.JSONWebKey)
	if err != nil {
		return nil, nil, errors.New("DPoP proof with a wrong signature")
	}
	var c proofClaims
	if err := json.Unmarshal(payload, &c); err != nil {
		return nil, nil, errProof
	}
	if c.ID == "" || len(c.ID) > maxProofID || c.IssuedAt == nil {
		return nil, nil, errors.New("DPoP proof without jti or iat")
	}
	sum, err := head.JSONWebKey.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, nil, errProof
	}
	// Hashed with the key: two phones may choose the same jti.
	id := sha256.Sum256(append(sum, c.ID...))
	return &proof{thumbprint: base64.RawURLEncoding.EncodeToString(sum), nonce: c.Nonce,
		once: "dpop:" + base64.RawURLEncoding.EncodeToString(id[:])}, &c, nil
}

// fitting says whether a key is public and of the one kind its algorithm is for.
func fitting(k *jose.JSONWebKey) bool {
	if !k.Valid() || !k.IsPublic() {
		return false
	}
	switch key := k.Key.(type) {
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return true
	}
	return false
}

// sameTarget compares an htu with the address asked for, without query and fragment, after the normalizations of RFC 3986 sections 6.2.2
// and 6.2.3 that matter to what is asked for.
func sameTarget(htu string, target *url.URL) bool {
	u, err := url.Parse(htu)
	if err != nil || u.User != nil || u.Opaque != "" {
		return false
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return strings.EqualFold(u.Scheme, target.Scheme) && authority(u) == authority(target) && path == target.EscapedPath()
}

// authority is host and port, the scheme's own left out.
func authority(u *url.URL) string {
	port := u.Port()
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		port = ""
	}
	return strings.ToLower(u.Hostname()) + ":" + port
}
