package twilio

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/varco-id/varco/plugins/sdk"
	"github.com/varco-id/varco/plugins/sdk/sdktest"
)

const (
	callbackURL = "https://id.bank.test/plugins/under-test/status"
	smsSID      = "SM0123456789abcdef0123456789abcdef"
	callSID     = "CA0123456789abcdef0123456789abcdef"
)

func callback(form url.Values) *sdk.CallbackRequest {
	return &sdk.CallbackRequest{InstanceID: sdktest.InstanceID, Route: "status", Method: http.MethodPost, URL: callbackURL, Body: []byte(form.Encode()),
		Header: http.Header{signature: {sign(testToken, callbackURL, form)}}}
}

func messageStatus(members ...string) url.Values {
	form := url.Values{"AccountSid": {testAccount}, "MessageSid": {smsSID}, "SmsSid": {smsSID}, "To": {testTo}, "ApiVersion": {"2010-04-01"}}
	for i := 0; i < len(members); i += 2 {
		form.Set(members[i], members[i+1])
	}
	return form
}

func callStatus(status string) url.Values {
	return url.Values{"AccountSid": {testAccount}, "CallSid": {callSID}, "CallStatus": {status}, "To": {testTo}, "Direction": {"outbound-api"}}
}

func TestReceipts(t *testing.T) {
	t.Parallel()
	p, _ := start(t)
	for name, c := range map[string]struct {
		form url.Values
		want *sdk.Receipt // Reason: a part of it
	}{
		"queued":              {messageStatus("MessageStatus", "queued"), nil},
		"sent":                {messageStatus("MessageStatus", "sent"), nil},
		"delivered":           {messageStatus("MessageStatus", "delivered"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryDelivered}},
		"read":                {messageStatus("MessageStatus", "read"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryDelivered}},
		"unreachable":         {messageStatus("MessageStatus", "undelivered", "ErrorCode", "30003"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryFailed, Reason: "switched off"}},
		"unknown handset":     {messageStatus("MessageStatus", "undelivered", "ErrorCode", "30005"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryGone, Reason: "30005"}},
		"land line":           {messageStatus("MessageStatus", "failed", "ErrorCode", "30006"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryFailed, Reason: "land line"}},
		"filtered":            {messageStatus("MessageStatus", "undelivered", "ErrorCode", "30007"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryFailed, Reason: "filtered"}},
		"unsubscribed":        {messageStatus("MessageStatus", "failed", "ErrorCode", "21610"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryFailed, Reason: "STOP"}},
		"failed, no code":     {messageStatus("MessageStatus", "failed"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryFailed, Reason: "does not say"}},
		"failed, a strange":   {messageStatus("MessageStatus", "failed", "ErrorCode", "918273 to "+testTo), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryFailed, Reason: "does not say"}},
		"a status unheard of": {messageStatus("MessageStatus", "teleported"), nil},
		"no SID":              {messageStatus("MessageStatus", "delivered", "MessageSid", "x"), nil},
		"a new parameter":     {messageStatus("MessageStatus", "delivered", "Zukunft", "è+ %"), &sdk.Receipt{ProviderID: smsSID, Status: sdk.DeliveryDelivered}},
		"call over":           {callStatus("completed"), &sdk.Receipt{ProviderID: callSID, Status: sdk.DeliveryDelivered}},
		"call not answered":   {callStatus("no-answer"), &sdk.Receipt{ProviderID: callSID, Status: sdk.DeliveryFailed, Reason: "no-answer"}},
		"call failed":         {callStatus("failed"), &sdk.Receipt{ProviderID: callSID, Status: sdk.DeliveryFailed, Reason: "does not say"}},
		"ringing":             {callStatus("ringing"), nil},
	} {
		for range 2 { // Twilio repeats callbacks; the answer is the same
			r, err := p.HandleCallback(t.Context(), callback(c.form))
			if err != nil || r.Status != http.StatusNoContent {
				t.Fatalf("%s: %+v, %v", name, r, err)
			}
			if err := r.Validate(p.Description, callback(c.form)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			switch {
			case c.want == nil && len(r.Receipts) != 0, c.want != nil && len(r.Receipts) != 1:
				t.Errorf("%s: %+v", name, r.Receipts)
			case c.want != nil:
				got := r.Receipts[0]
				if !strings.Contains(got.Reason, c.want.Reason) || strings.Contains(got.Reason, "39333000111") {
					t.Errorf("%s: reason %q", name, got.Reason)
				}
				if got.Reason = c.want.Reason; !reflect.DeepEqual(got, *c.want) {
					t.Errorf("%s: %+v, want %+v", name, got, *c.want)
				}
			}
		}
	}
}

func TestForgedReceipts(t *testing.T) {
	t.Parallel()
	p, _ := start(t)
	good := messageStatus("MessageStatus", "delivered")
	for name, c := range map[string]struct {
		spoil  func(r *sdk.CallbackRequest)
		status int
	}{
		"nothing wrong": {func(*sdk.CallbackRequest) {}, http.StatusNoContent},
		"no signature":  {func(r *sdk.CallbackRequest) { r.Header = nil }, http.StatusForbidden},
		"an empty one":  {func(r *sdk.CallbackRequest) { r.Header.Set(signature, "") }, http.StatusForbidden},
		"two":           {func(r *sdk.CallbackRequest) { r.Header.Add(signature, r.Header.Get(signature)) }, http.StatusForbidden},
		"of another token": {func(r *sdk.CallbackRequest) {
			r.Header.Set(signature, sign(strings.Repeat("0", 32), callbackURL, good))
		}, http.StatusForbidden},
		"of no token":        {func(r *sdk.CallbackRequest) { r.Header.Set(signature, sign("", callbackURL, good)) }, http.StatusForbidden},
		"of another address": {func(r *sdk.CallbackRequest) { r.Header.Set(signature, sign(testToken, callbackURL+"x", good)) }, http.StatusForbidden},
		"a changed parameter": {func(r *sdk.CallbackRequest) {
			r.Body = []byte(strings.Replace(string(r.Body), "delivered", "failed", 1))
		}, http.StatusForbidden},
		"a parameter more":  {func(r *sdk.CallbackRequest) { r.Body = append(r.Body, "&ErrorCode=30005"...) }, http.StatusForbidden},
		"a parameter twice": {func(r *sdk.CallbackRequest) { r.Body = append(r.Body, "&MessageStatus=failed"...) }, http.StatusForbidden},
		"not a form":        {func(r *sdk.CallbackRequest) { r.Body = []byte("%zz;") }, http.StatusForbidden},
		"a query":           {func(r *sdk.CallbackRequest) { r.URL += "?a=b" }, http.StatusForbidden},
		"a signed body digest": {func(r *sdk.CallbackRequest) {
			r.URL += "?bodySHA256=00"
			r.Header.Set(signature, sign(testToken, r.URL, nil))
		}, http.StatusForbidden},
		"another account": {func(r *sdk.CallbackRequest) {
			form := messageStatus("MessageStatus", "delivered", "AccountSid", "AC"+strings.Repeat("9", 32))
			r.Body, r.Header = []byte(form.Encode()), http.Header{signature: {sign(testToken, callbackURL, form)}}
		}, http.StatusBadRequest},
		"another route": {func(r *sdk.CallbackRequest) { r.Route = "other" }, http.StatusNotFound},
		// A proxy may change the address that the host sees; what counts is the one that Twilio was told.
		"behind a proxy": {func(r *sdk.CallbackRequest) { r.URL = "http://varco.internal:8080/plugins/under-test/status" }, http.StatusNoContent},
		"signed with a port": {func(r *sdk.CallbackRequest) {
			r.Header.Set(signature, sign(testToken, strings.Replace(callbackURL, ".test", ".test:443", 1), good))
		}, http.StatusNoContent},
		"a query, signed too": {func(r *sdk.CallbackRequest) { r.URL += "?a=b"; r.Header.Set(signature, sign(testToken, r.URL, good)) }, http.StatusNoContent},
	} {
		r := callback(good)
		c.spoil(r)
		answer, err := p.HandleCallback(t.Context(), r)
		if err != nil || answer.Status != c.status || len(answer.Receipts) > 0 != (c.status == http.StatusNoContent) {
			t.Errorf("%s: %+v, %v", name, answer, err)
		}
	}
}

// Without an auth token no callback can be verified, so none is believed: an empty key signs for everybody.
func TestNoTokenNoReceipts(t *testing.T) {
	t.Parallel()
	p, _ := start(t, func(c map[string]any) {
		delete(c, "auth_token")
		delete(c, "public_url")
		c["api_key_sid"], c["api_key_secret"] = testKey, testSecret
	})
	form := messageStatus("MessageStatus", "delivered")
	r := callback(form)
	r.Header.Set(signature, sign("", callbackURL, form))
	if answer, err := p.HandleCallback(t.Context(), r); err != nil || answer.Status != http.StatusForbidden || len(answer.Receipts) > 0 {
		t.Errorf("%+v, %v", answer, err)
	}
}

// Whatever is sent, an unsigned request leaves no receipt, and a signed one a valid answer.
func FuzzCallback(f *testing.F) {
	f.Add(messageStatus("MessageStatus", "failed", "ErrorCode", "30005").Encode())
	f.Add("a=b&a=c")
	f.Add("%")
	c, problems := parseConfig([]byte(`{"account_sid": "` + testAccount + `", "auth_token": "` + testToken + `", "from": "+390200000000", "public_url": "https://id.bank.test"}`))
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	p := New()
	p.instances["under-test"] = &account{Config: c, callback: callbackURL}
	description, _ := p.Describe(f.Context())
	f.Fuzz(func(t *testing.T, body string) {
		r := &sdk.CallbackRequest{InstanceID: "under-test", Route: "status", URL: callbackURL, Body: []byte(body), Header: http.Header{signature: {"AAAA"}}}
		if answer, err := p.HandleCallback(t.Context(), r); err != nil || answer.Status != http.StatusForbidden {
			t.Fatalf("unsigned: %+v, %v", answer, err)
		}
		form, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		form.Set("AccountSid", testAccount)
		for k, v := range form {
			form[k] = v[:1]
		}
		r.Body, r.Header = []byte(form.Encode()), http.Header{signature: {sign(testToken, callbackURL, form)}}
		answer, err := p.HandleCallback(t.Context(), r)
		if err != nil || answer.Status != http.StatusNoContent {
			t.Fatalf("signed: %+v, %v", answer, err)
		}
		if err := answer.Validate(description, r); err != nil {
			t.Fatal(err)
		}
	})
}
