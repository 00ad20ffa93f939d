package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

const (
	header = "Varco-Signature"
	window = 5 * time.Minute // that a signature is good for, either way
)

// sign is "t=SECONDS,v1=HEX": HMAC-SHA-256 over the seconds, a dot and the body.
func sign(key string, now time.Time, body []byte) string {
	at := strconv.FormatInt(now.Unix(), 10)
	return "t=" + at + ",v1=" + hex.EncodeToString(sum(key, at, body))
}

func sum(key, at string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// verify says whether given is sign's of about now. There may be several v1, while the other side changes its key.
func verify(key, given string, now time.Time, body []byte) bool {
	if key == "" { // signs for everybody
		return false
	}
	rest, ok := strings.CutPrefix(given, "t=")
	at, macs, found := strings.Cut(rest, ",")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if !ok || !found || err != nil || strconv.FormatInt(seconds, 10) != at {
		return false
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > window || age < -window {
		return false
	}
	want := sum(key, at, body)
	const most = 4
	for i, part := range strings.Split(macs, ",") {
		mac, err := hex.DecodeString(strings.TrimPrefix(part, "v1="))
		if i < most && err == nil && strings.HasPrefix(part, "v1=") && subtle.ConstantTimeCompare(mac, want) == 1 {
			return true
		}
	}
	return false
}
