package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// vendorID is what the vendor calls approvals and devices: it goes into URLs as it is.
var vendorID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)

// errGone says that the vendor knows the device no more.
var errGone = errors.New("the vendor has removed the device")

// vendor is the vendor's service, as configured.
type vendor struct {
	config
	http *http.Client
}

// approval is what the vendor knows of one.
type approval struct {
	ID     string `json:"id"`
	Device string `json:"device"`
	Number string `json:"number"` // shown in the app too
	Status string `json:"status"` // pending, approved, denied, expired
}

func newVendor(c config) *vendor {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // the key goes to one address alone
	return &vendor{c, &http.Client{Timeout: 2 * time.Second, CheckRedirect: stay}}        // a step has five, and is run once more
}

// call sends one request. key makes the vendor do what is asked once, however often it is.
func (v *vendor) call(ctx context.Context, method, path, key string, in, out any) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	r, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(v.URL, "/")+path, body)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+v.APIKey)
	r.Header.Set("Content-Type", "application/json")
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	res, err := v.http.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	switch {
	case res.StatusCode == http.StatusGone:
		return errGone
	case res.StatusCode < 200 || res.StatusCode > 299:
		return fmt.Errorf("the vendor answered %d", res.StatusCode)
	case err != nil || out == nil:
		return err
	}
	return json.Unmarshal(raw, out)
}

const signatureHeader = "Token-Signature" // t=SECONDS,v1=HEX: HMAC-SHA-256 over the seconds, a dot and the body

// signed says whether the vendor made the body, in the last five minutes.
func (v *vendor) signed(signature string, body []byte, now time.Time) bool {
	at, sum, ok := strings.Cut(signature, ",v1=")
	seconds, err := strconv.ParseInt(strings.TrimPrefix(at, "t="), 10, 64)
	claimed, bad := hex.DecodeString(sum)
	if !ok || err != nil || bad != nil || now.Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, []byte(v.CallbackKey))
	mac.Write([]byte(strconv.FormatInt(seconds, 10) + "."))
	mac.Write(body)
	return hmac.Equal(mac.Sum(nil), claimed)
}
