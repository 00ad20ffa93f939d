package callbacktest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/varco-id/varco/provider/internal/id"
)

// Phone calls an instance's routes with DPoP proofs.
type Phone struct {
	Base   string // address of the instance: https://…/plugins/phone
	Handle string // of its credential
	Client *http.Client

	key *ecdsa.PrivateKey

	mu      sync.Mutex
	nonce   string
	counter int
}

// NewPhone makes a phone with a key of its own.
func NewPhone(base, handle string, client *http.Client) (*Phone, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return &Phone{Base: base, Handle: handle, Client: client, key: key}, nil
}

// Thumbprint is that of the phone's key (RFC 7638).
func (p *Phone) Thumbprint() (string, error) {
	sum, err := (&jose.JSONWebKey{Key: p.key.Public()}).Thumbprint(crypto.SHA256)
	return base64.RawURLEncoding.EncodeToString(sum), err
}

// Import is the form of the phone's credential for ImportCredentials.
func (p *Phone) Import(push string) ([]byte, error) {
	key, err := p.Thumbprint()
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{"handle": p.Handle, "key": key, "push": push})
}

// Claims of a proof; change them to make a wrong one.
type Claims map[string]any

// Proof makes a DPoP proof (RFC 9449).
func (p *Phone) Proof(method, url, nonce string, change ...func(Claims)) (string, error) {
	c := Claims{"jti": id.New(), "htm": method, "htu": url, "iat": time.Now().Unix(), "nonce": nonce}
	for _, f := range change {
		f(c)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// Call sends a request with a proof, again with the server's nonce when it asks for one, and returns the last answer's status and body.
func (p *Phone) Call(method, path string, body []byte) (int, []byte, error) {
	for range 2 {
		status, got, nonce, err := p.try(method, p.Base+path, body)
		if err != nil {
			return 0, nil, err
		}
		p.mu.Lock()
		p.nonce = nonce
		p.mu.Unlock()
		if status != http.StatusUnauthorized || !bytes.Contains(got, []byte("use_dpop_nonce")) {
			return status, got, nil
		}
	}
	return 0, nil, fmt.Errorf("the server refuses the nonce that it gave")
}

func (p *Phone) try(method, url string, body []byte) (int, []byte, string, error) {
	p.mu.Lock()
	nonce := p.nonce
	p.mu.Unlock()
	proof, err := p.Proof(method, url, nonce)
	if err != nil {
		return 0, nil, "", err
	}
	r, err := http.NewRequest(method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, "", err
	}
	r.Header.Set("DPoP", proof)
	res, err := p.Client.Do(r)
	if err != nil {
		return 0, nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	return res.StatusCode, got, res.Header.Get("DPoP-Nonce"), err
}

// Operations lists what waits for the phone.
func (p *Phone) Operations() ([]string, error) {
	status, body, err := p.Call(http.MethodGet, "/devices/"+p.Handle+"/operations", nil)
	if err != nil {
		return nil, err
	}
	var list struct{ Operations []string }
	if status != http.StatusOK {
		return nil, fmt.Errorf("operations: %d %s", status, body)
	}
	err = json.Unmarshal(body, &list)
	return list.Operations, err
}

// Answer decides an operation: approve, deny, wrong, unbind.
func (p *Phone) Answer(operation, decision string) (int, error) {
	p.mu.Lock()
	p.counter++
	n := p.counter
	p.mu.Unlock()
	body, err := json.Marshal(map[string]any{"operation": operation, "decision": decision, "counter": n})
	if err != nil {
		return 0, err
	}
	status, _, err := p.Call(http.MethodPost, "/devices/"+p.Handle+"/answer", body)
	return status, err
}

// Twin is the same phone, with the same key, at another address of the installation.
func (p *Phone) Twin(base string, client *http.Client) *Phone {
	return &Phone{Base: base, Handle: p.Handle, Client: client, key: p.key}
}
