package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	testAccount = "AC0123456789abcdef0123456789abcdef"
	testToken   = "0123456789abcdef0123456789abcdef"
	testKey     = "SK0123456789abcdef0123456789abcdef"
	testSecret  = "aB3456789abcdef0123456789abcdefg"
	testService = "MG0123456789abcdef0123456789abcdef"
)

// fault is how the fake misbehaves, once.
type fault struct {
	takes  bool // the message was taken nevertheless
	status int  // 0: no answer at all
	code   int  // Twilio's error code
	header http.Header
	hangs  bool
	body   string // instead of JSON
}

// fakeTwilio is a small Twilio: the Messages and Calls resources of an account, as its API reference describes them.
type fakeTwilio struct {
	*httptest.Server
	mu     sync.Mutex
	faults []fault // of the next creations
	lists  []fault // of the next lists
	asked  []string
	forms  []url.Values // of creations
	made   []map[string]any
	ended  chan struct{}
}

func newTwilio(t *testing.T) *fakeTwilio {
	t.Helper()
	f := &fakeTwilio{ended: make(chan struct{})}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() { close(f.ended); f.Close() })
	return f
}

// numbers make the fake answer with an error code, like Twilio's own magic numbers.
var numbers = map[string]int{"+390000021211": 21211, "+390000021610": 21610, "+390000021614": 21614, "+390000021408": 21408,
	"+390000021612": 21612, "+390000099999": 29999}

func (f *fakeTwilio) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if !(user == testAccount && password == testToken || user == testKey && password == testSecret) {
		refuseWith(w, http.StatusUnauthorized, 20003)
		return
	}
	_ = r.ParseForm()
	resource, ok := strings.CutPrefix(r.URL.Path, "/2010-04-01/Accounts/"+testAccount+"/")
	f.mu.Lock()
	f.asked = append(f.asked, r.Method+" "+resource)
	f.mu.Unlock()
	switch {
	case !ok || resource != "Messages.json" && resource != "Calls.json":
		refuseWith(w, http.StatusNotFound, 20404)
	case r.Method == http.MethodPost:
		f.create(w, r, strings.TrimSuffix(resource, ".json"))
	default:
		f.list(w, r, strings.ToLower(strings.TrimSuffix(resource, ".json")))
	}
}

func refuseWith(w http.ResponseWriter, status, code int) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// Twilio's words quote the number.
	fmt.Fprintf(w, `{"code": %d, "message": "The 'To' number +39333000111 and code 918273", "more_info": "https://www.twilio.com/docs/errors/%d", "status": %d}`, code, code, status)
}

func (f *fakeTwilio) misbehave(w http.ResponseWriter, r *http.Request, x fault) {
	for name := range x.header {
		w.Header().Set(name, x.header.Get(name))
	}
	switch {
	case x.hangs:
		select {
		case <-r.Context().Done():
		case <-f.ended:
		}
		panic(http.ErrAbortHandler)
	case x.status == 0:
		panic(http.ErrAbortHandler)
	case x.body != "" || x.code == 0:
		w.WriteHeader(x.status)
		_, _ = w.Write([]byte(x.body))
	default:
		refuseWith(w, x.status, x.code)
	}
}

func (f *fakeTwilio) create(w http.ResponseWriter, r *http.Request, resource string) {
	x, bad := f.next(&f.faults)
	if bad && !x.takes {
		f.misbehave(w, r, x)
		return
	}
	form := r.PostForm
	switch {
	case form.Get("To") == "":
		refuseWith(w, 400, 21604)
		return
	case resource == "Messages" && form.Get("Body") == "":
		refuseWith(w, 400, 21602)
		return
	case form.Get("From") == "" && form.Get("MessagingServiceSid") == "":
		refuseWith(w, 400, 21603)
		return
	case numbers[form.Get("To")] != 0:
		refuseWith(w, 400, numbers[form.Get("To")])
		return
	}
	made := f.add(resource, form)
	if bad {
		f.misbehave(w, r, x)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(made)
}

func (f *fakeTwilio) add(resource string, form url.Values) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	kind := map[string]string{"Messages": "SM", "Calls": "CA"}[resource]
	made := map[string]any{"sid": fmt.Sprintf("%s%032x", kind, len(f.made)+1), "account_sid": testAccount, "to": form.Get("To"), "status": "queued",
		"direction": "outbound-api", "date_created": time.Now().UTC().Format(time.RFC1123Z), "date_sent": nil, "error_code": nil,
		"num_segments": "1", "from": form.Get("From"), "resource": strings.ToLower(resource)}
	if resource == "Messages" {
		made["body"] = form.Get("Body")
	}
	f.made, f.forms = append(f.made, made), append(f.forms, form)
	return made
}

func (f *fakeTwilio) list(w http.ResponseWriter, r *http.Request, resource string) {
	if x, bad := f.next(&f.lists); bad {
		f.misbehave(w, r, x)
		return
	}
	f.mu.Lock()
	found := []map[string]any{}
	for _, made := range slices.Backward(f.made) {
		if to := r.Form.Get("To"); made["resource"] == resource && (to == "" || to == made["to"]) {
			found = append(found, made)
		}
	}
	f.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{resource: found, "page": 0, "page_size": 50, "next_page_uri": nil})
}

func (f *fakeTwilio) next(of *[]fault) (fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(*of) == 0 {
		return fault{}, false
	}
	x := (*of)[0]
	*of = (*of)[1:]
	return x, true
}

// change changes the newest message, as time would.
func (f *fakeTwilio) change(members map[string]any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	maps.Copy(f.made[len(f.made)-1], members)
}

func (f *fakeTwilio) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.made)
}

func (f *fakeTwilio) lastForm() url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.forms[len(f.forms)-1]
}

func (f *fakeTwilio) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.asked)
}

// sign is the signature that Twilio's security page describes: HMAC-SHA1, with the auth token, of the address and each parameter's name and
// value in the order of their names.
func sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		mac.Write([]byte(name + form.Get(name)))
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
