package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"sync"

	"go.step.sm/crypto/kms/apiv1"
)

// maxKeys bounds what an instance remembers; a configuration lists one key, or two while it changes.
const maxKeys = 16

var errKeyID = errors.New("a key is named by 1 to 1024 bytes")

// keys are the keys of an instance that have been asked for, each with the public part that the KMS gave for it: start-up
// unwraps several keysets, and asking for the same key each time would double the calls.
type keys struct {
	config Config

	mu      sync.Mutex
	manager apiv1.KeyManager
	byID    map[string]crypto.Decrypter
}

// get returns a key, asking the KMS when it is new.
func (ks *keys) get(id string) (crypto.Decrypter, error) {
	if id == "" || len(id) > 1024 {
		return nil, errKeyID
	}
	ks.mu.Lock()
	defer ks.mu.Unlock()
	if key, ok := ks.byID[id]; ok {
		return key, nil
	}
	if err := ks.open(); err != nil {
		return nil, err
	}
	manager, ok := ks.manager.(apiv1.Decrypter)
	if !ok {
		return nil, errors.New("this KMS does not decrypt")
	}
	key, err := manager.CreateDecrypter(&apiv1.CreateDecrypterRequest{DecryptionKey: id, PasswordPrompter: apiv1.NonInteractivePasswordPrompter})
	if err != nil {
		return nil, err
	}
	if len(ks.byID) >= maxKeys {
		clear(ks.byID)
	}
	ks.byID[id] = key
	return key, nil
}

// open makes the client of the KMS once. The caller holds mu.
func (ks *keys) open() error {
	if ks.manager != nil {
		return nil
	}
	typ, err := apiv1.TypeOf(ks.config.URI)
	if err != nil {
		return err
	}
	create, ok := apiv1.LoadKeyManagerNewFunc(typ)
	if !ok {
		return fmt.Errorf("there is no KMS of type %s", typ)
	}
	// Not the context of a call: the client refreshes its credentials as long as it lives.
	ks.manager, err = create(context.Background(), apiv1.Options{Type: typ, URI: ks.config.URI, CredentialsFile: ks.config.CredentialsFile})
	return err
}

func (ks *keys) close() error {
	if ks == nil {
		return nil
	}
	ks.mu.Lock()
	defer ks.mu.Unlock()
	if ks.manager == nil {
		return nil
	}
	return ks.manager.Close()
}
