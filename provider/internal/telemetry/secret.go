package telemetry

import (
	"regexp"
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

var (
	userInfo = regexp.MustCompile(`(://)[^/\s"'@]*@`)
	urlQuery = regexp.MustCompile(`(://[^\s"'?]*\?)[^\s"'#]*`)
	aJWT     = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w-]*\.[\w-]*`)
	assigned = regexp.MustCompile(`(?i)\b((?:\w+_)?(?:password|passwd|secret|token|code|otp|assertion|verifier)=)[^\s&"']+`)
)

// Scrub takes out of a text what looks like a secret: user names, passwords and queries in URLs (an authorization code travels in
// a query, a database's password in front of an @), JWTs, and the values in password=…, code=… and their like.
func Scrub(s string) string {
	if SecretValue(s) {
		return Redacted
	}
	if !suspicious(s) {
		return s
	}
	s = userInfo.ReplaceAllString(s, "${1}"+Redacted+"@")
	s = urlQuery.ReplaceAllString(s, "${1}"+Redacted)
	s = aJWT.ReplaceAllString(s, Redacted)
	return assigned.ReplaceAllString(s, "${1}"+Redacted)
}

// suspicious says quickly that a text has nothing for Scrub, which is the common case.
func suspicious(s string) bool {
	return strings.IndexByte(s, '=') >= 0 || strings.Contains(s, "://") || strings.Contains(s, "eyJ") || SecretValue(s)
}

// split cuts a key into lower-case words at punctuation and at camel-case borders, also those after capitals: APIKey is api, key.
func split(key string) []string {
	var words []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	runes := []rune(key)
	for i, r := range runes {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			continue
		}
		if unicode.IsUpper(r) && i > 0 {
			if unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
				flush()
			}
		}
		word = append(word, r)
	}
	flush()
	return words
}

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}
