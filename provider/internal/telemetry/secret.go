package telemetry

import (
	"strings"
	"unicode"
)

// Redacted stands where a secret would have been.
const Redacted = "[redacted]"

// secretWords make a key secret wherever they stand in it, unless its last word is in harmlessWords: token yes, token_family no.
var secretWords = set("password", "passwd", "passphrase", "secret", "secrets", "token", "tokens", "authorization", "cookie",
	"cookies", "assertion", "verifier", "jwt", "seed", "otp", "pin", "dsn", "bearer", "credentials")

var harmlessWords = set("id", "ids", "type", "kind", "count", "family", "method", "endpoint", "name", "age", "ttl", "expires",
	"expiry", "at", "length", "alg", "present", "path", "file", "version")

// plainCodes are the codes that are no secret; any other key that ends in "code" is one (a one-time code, an authorization code).
var plainCodes = set("status", "country", "error", "exit", "grpc", "http", "reason", "language", "response")

// keyOwners make a key that ends in "key" secret; a bare "key" names one.
var keyOwners = set("private", "api", "secret", "encryption", "sealing", "wrapping", "master")

// Secret says whether a log field or an audit datum of this name must be taken for a secret. It errs on the side of
// silence: a lost field costs an operator a look at the code, a leaked password costs a person their money.
func Secret(key string) bool {
	words := split(key)
	if len(words) == 0 {
		return false
	}
	last, before := words[len(words)-1], ""
	if len(words) > 1 {
		before = words[len(words)-2]
	}
	switch last {
	case "code", "codes":
		return !plainCodes[before]
	case "key", "keys":
		return keyOwners[before]
	}
	if harmlessWords[last] {
		return false
	}
	for _, w := range words {
		if secretWords[w] {
			return true
		}
	}
	return false
}

// SecretValue says whether s looks like a secret whatever its name is: a JWT, or the value of an Authorization header.
func SecretValue(s string) bool {
	if len(s) < 8 {
		return false
	}
	switch s[0] {
	case 'e':
		return strings.HasPrefix(s, "eyJ") && strings.Count(s, ".") >= 2
	case 'B', 'b':
		return len(s) > 7 && strings.EqualFold(s[:7], "bearer ") || strings.EqualFold(s[:6], "basic ")
	case 'D', 'd':
		return strings.EqualFold(s[:5], "dpop ")
	}
	return false
}

// split cuts a key into lower-case words at punctuation and at camel-case borders.
func split(key string) []string {
	var words []string
	start, lower := 0, false
	flush := func(end int) {
		if end > start {
			words = append(words, strings.ToLower(key[start:end]))
		}
	}
	for i, r := range key {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			flush(i)
			start, lower = i+len(string(r)), false
		case unicode.IsUpper(r) && lower:
			flush(i)
			start, lower = i, false
		default:
			lower = unicode.IsLower(r)
		}
	}
	flush(len(key))
	return words
}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
