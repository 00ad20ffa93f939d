package legacyhash

import (
	"strings"
)

// expression reads a row whose hash is what the Spec says.
func (s *Scheme) expression(p parser, in Input) (Hash, error) {
	c := &s.spec
	d := mustDigest(c.Digest)
	least, most := d.size, d.size
	if c.Format == "pbkdf2" { // whose sum may have any length, but where the salt is behind or before it in one encoding
		least, most = minSum, maxSum
	}
	salt, sum, err := s.split(in, d.size, least, most)
	if err != nil {
		return Hash{}, err
	}
	salted := c.Format != "digest" && c.Key != string(keySecret) || c.Salt.Position != string(saltNone)
	if salted != (len(salt) > 0) {
		return Hash{}, malformed(c.Format, "there is a salt and no place for it, or a place and no salt")
	}
	if c.Format == "pbkdf2" {
		return p.pbkdf2("pbkdf2-"+c.Digest, c.Digest, c.Rounds, salt, nil, sum, nil)
	}
	return p.hash(c.Format+"-"+c.Digest, digestVerifier{
		digest: d, position: saltPosition(c.Salt.Position), salt: salt, sum: sum, rounds: c.Rounds, again: again(c.Again),
		opening: []byte(c.Salt.Opening), ending: []byte(c.Salt.Ending), key: hmacKey(c.Key), secret: []byte(c.Secret),
	})
}

// split takes a row apart.
func (s *Scheme) split(in Input, size, least, most int) (salt, sum []byte, err error) {
	c := &s.spec
	hashText, saltText := in.Encoded, in.Salt
	if c.Layout != layoutSeparate && in.Salt != "" {
		return nil, nil, malformed(c.Format, "the layout has the salt in the hash, and another was given")
	}
	switch c.Layout {
	case layoutPackedTail, layoutPackedHead:
		b, err := decode("hash", encoding(c.Encoding), hashText, size+1, size+maxSalt)
		if err != nil {
			return nil, nil, err
		}
		if c.Layout == layoutPackedTail {
			return b[size:], b[:size], nil
		}
		return b[:len(b)-size], b[len(b)-size:], nil
	case layoutHashSalt: // a salt as text may have the separator in it, an encoded hash has not
		var ok bool
		if hashText, saltText, ok = strings.Cut(in.Encoded, c.Separator); !ok {
			return nil, nil, malformed(c.Format, "the separator is missing")
		}
	case layoutSaltHash:
		i := strings.LastIndex(in.Encoded, c.Separator)
		if i < 0 {
			return nil, nil, malformed(c.Format, "the separator is missing")
		}
		saltText, hashText = in.Encoded[:i], in.Encoded[i+len(c.Separator):]
	}
	if salt, err = decode("salt", encoding(c.Salt.Encoding), saltText, 0, maxSalt); err != nil {
		return nil, nil, err
	}
	sum, err = decode("hash", encoding(c.Encoding), hashText, least, most)
	return salt, sum, err
}
