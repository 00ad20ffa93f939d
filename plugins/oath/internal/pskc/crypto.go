package pskc

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"strings"
)

// Secrets open an encrypted file; which one is needed the file says.
type Secrets struct {
	Key      []byte // agreed on with the maker
	Password string
}

// keyLengths are the ciphers: AES in CBC mode, the one that RFC 6030 requires and that makers use.
var keyLengths = map[string]int{
	"http://www.w3.org/2001/04/xmlenc#aes128-cbc": 16,
	"http://www.w3.org/2001/04/xmlenc#aes192-cbc": 24,
	"http://www.w3.org/2001/04/xmlenc#aes256-cbc": 32,
}

var macs = map[string]func() hash.Hash{
	"http://www.w3.org/2000/09/xmldsig#hmac-sha1":        sha1.New,
	"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256": sha256.New,
	"http://www.w3.org/2001/04/xmldsig-more#hmac-sha512": sha512.New,
}

const pbkdf2Method = "http://www.rsasecurity.com/rsalabs/pkcs/schemas/pkcs-5v2-0#pbkdf2"

// The cost of a password is the file's to say, within bounds: an import must end.
const maxIterations = 1_000_000

// errOpen says the same of a wrong key and of a changed file: which of them it is cannot be told.
var errOpen = errors.New("the key or password does not open the PSKC file, or the file was changed")

// vault opens the encrypted values of a file.
type vault struct {
	key    []byte
	mac    func() hash.Hash
	macKey []byte
}

func (d *document) vault(s Secrets) (*vault, error) {
	if d.Key == nil {
		return nil, errors.New("the PSKC file has encrypted values and does not say by which key")
	}
	key, err := d.Key.key(s)
	if err != nil {
		return nil, err
	}
	if d.MAC == nil || d.MAC.Key == nil {
		return nil, errors.New("the PSKC file has encrypted values without a MAC: somebody may have changed them")
	}
	v := &vault{key: key, mac: macs[d.MAC.Algorithm]}
	if v.mac == nil {
		return nil, errors.New("the PSKC file has a MAC of an unknown algorithm; HMAC with SHA-1, SHA-256 and SHA-512 are known")
	}
	if v.macKey, err = v.decrypt(d.MAC.Key); err != nil {
		return nil, err
	}
	if len(v.macKey) < 16 {
		return nil, errOpen // a good one has the length of the encryption key
	}
	return v, nil
}

// key is the encryption key of the file.
func (e *encryptionKey) key(s Secrets) ([]byte, error) {
	switch {
	case e.X509 != nil:
		return nil, errors.New("the PSKC file is encrypted for a certificate; ask the maker for one with a pre-shared key or a password")
	case e.Derived == nil && len(s.Key) == 0:
		return nil, errors.New("the PSKC file is encrypted with a pre-shared key: give it as key")
	case e.Derived == nil:
		return s.Key, nil
	case s.Password == "":
		return nil, errors.New("the PSKC file is encrypted with a password: give it")
	}
	p := e.Derived.Method.Params
	if e.Derived.Method.Algorithm != pbkdf2Method || p == nil {
		return nil, errors.New("the PSKC file derives its key by something else than PBKDF2")
	}
	prf := sha1.New // PKCS #5: the default
	if a := strings.TrimSpace(p.PRF.Algorithm + p.PRF.Text); a != "" {
		if prf = macs[a]; prf == nil {
			return nil, errors.New("the PSKC file derives its key with an unknown function")
		}
	}
	salt, err := bytesOf(p.Salt)
	switch {
	case err != nil || len(salt) < 8 || len(salt) > 1024:
		return nil, errors.New("the PSKC file derives its key with a salt that is none")
	case p.Iterations < 1000 || p.Iterations > maxIterations:
		return nil, errors.New("the PSKC file derives its key with fewer than 1,000 or more than 1,000,000 iterations")
	case p.KeyLength != 16 && p.KeyLength != 24 && p.KeyLength != 32:
		return nil, errors.New("the PSKC file derives a key that is not of 16, 24 or 32 bytes")
	}
	return pbkdf2.Key(prf, s.Password, salt, p.Iterations, p.KeyLength)
}

// open checks the MAC of a value, then decrypts it.
func (v *vault) open(x *value) ([]byte, error) {
	ciphertext, err := bytesOf(x.Encrypted[0].Data.Value)
	if err != nil {
		return nil, err
	}
	want, err := bytesOf(x.MAC)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(v.mac, v.macKey)
	mac.Write(ciphertext)
	if !hmac.Equal(mac.Sum(nil), want) {
		return nil, errOpen
	}
	return v.decrypt(&x.Encrypted[0])
}

// decrypt undoes AES-CBC as XML Encryption writes it: the IV first, and a padding whose last byte tells its length.
func (v *vault) decrypt(e *encrypted) ([]byte, error) {
	length, known := keyLengths[e.Method.Algorithm]
	if !known {
		return nil, errors.New("the PSKC file is encrypted by an unknown algorithm; AES in CBC mode is known")
	}
	raw, err := bytesOf(e.Data.Value)
	if err != nil {
		return nil, err
	}
	if len(v.key) != length || len(raw) < 2*aes.BlockSize || len(raw)%aes.BlockSize != 0 {
		return nil, errOpen
	}
	block, err := aes.NewCipher(v.key)
	if err != nil {
		return nil, errOpen
	}
	plain := make([]byte, len(raw)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, raw[:aes.BlockSize]).CryptBlocks(plain, raw[aes.BlockSize:])
	padding := int(plain[len(plain)-1])
	if padding < 1 || padding > aes.BlockSize {
		return nil, errOpen
	}
	return plain[:len(plain)-padding], nil
}

// bytesOf reads base64 with white space in it, as XML files have it.
func bytesOf(s string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, errors.New("the PSKC file holds a value that is not base64")
	}
	return b, nil
}
