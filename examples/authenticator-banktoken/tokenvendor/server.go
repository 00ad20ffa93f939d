// Package tokenvendor plays the vendor of a bank's mobile token, and the phones too: a server that behaves as such services do. An
// approval is asked for once for each idempotency key; its answer is told by a signed callback, which may come twice, late or never;
// devices come and go without asking the bank. [Server.Break] makes it fail in the ways such services fail.
package tokenvendor

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Approval is a question to a phone.
type Approval struct {
	ID     string `json:"id"`
	Device string `json:"device"`
	Text   string `json:"text"`
	Number string `json:"number"`
	Status string `json:"status"` // pending, approved, denied, expired

	expires time.Time
}

// Server is the vendor. Make it with [New].
type Server struct {
	APIKey      string       // what the bank proves itself with
	CallbackKey string       // signs callbacks
	CallbackURL string       // where they go; empty: nowhere, and the bank has to ask
	HTTP        *http.Client // sends them; nil: http.DefaultClient
	Repeat      int          // how often each callback is sent again

	mu        sync.Mutex
	devices   map[string]bool
	approvals []*Approval
	keys      map[string]*Approval // by idempotency key
	fail      func(*http.Request) int
	mux       http.ServeMux
}

// New returns a vendor without devices.
func New(apiKey, callbackKey string) *Server {
	s := &Server{APIKey: apiKey, CallbackKey: callbackKey, devices: map[string]bool{}, keys: map[string]*Approval{}}
	s.mux.HandleFunc("POST /v1/approvals", s.bank(s.ask))
	s.mux.HandleFunc("GET /v1/approvals/{id}", s.bank(s.look))
	s.mux.HandleFunc("DELETE /v1/approvals/{id}", s.bank(s.withdraw))
	s.mux.HandleFunc("GET /v1/devices/{id}", s.bank(s.known))
	s.mux.HandleFunc("DELETE /v1/devices/{id}", s.bank(s.forget))
	return s
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// bank lets the bank in, and fails as told.
func (s *Server) bank(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+s.APIKey)) != 1 {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		s.mu.Lock()
		fail := s.fail
		s.mu.Unlock()
		if fail != nil {
			switch status := fail(r); status {
			case 0:
			case Hang:
				<-r.Context().Done()
				return
			case Lost: // done, and the answer never arrives
				next(discard{}, r)
				panic(http.ErrAbortHandler)
			default:
				w.WriteHeader(status)
				return
			}
		}
		next(w, r)
	}
}

// What Break's function may answer beside an HTTP status; 0 is no fault.
const (
	Hang = -1 // no answer
	Lost = -2 // it is done, and the connection breaks before the answer
)

// Break has each request of the bank fail as f says; nil mends it.
func (s *Server) Break(f func(*http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

func (s *Server) ask(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Device, Text string
		ExpiresIn    int `json:"expires_in"`
	}
	key := r.Header.Get("Idempotency-Key")
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10)).Decode(&q) != nil || key == "" || q.ExpiresIn < 1 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a, ok := s.keys[key]; ok {
		answer(w, http.StatusOK, a)
		return
	}
	if !s.devices[q.Device] {
		w.WriteHeader(http.StatusGone)
		return
	}
	n, _ := rand.Int(rand.Reader, big.NewInt(90)) // never fails
	a := &Approval{ID: "ap_" + rand.Text(), Device: q.Device, Text: q.Text, Number: strconv.FormatInt(n.Int64()+10, 10), Status: "pending",
		expires: time.Now().Add(time.Duration(q.ExpiresIn) * time.Second)}
	s.approvals, s.keys[key] = append(s.approvals, a), a
	answer(w, http.StatusCreated, a)
}

func (s *Server) look(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch a := s.find(r.PathValue("id")); {
	case a == nil:
		w.WriteHeader(http.StatusNotFound)
	case !s.devices[a.Device]:
		w.WriteHeader(http.StatusGone)
	default:
		answer(w, http.StatusOK, a)
	}
}

// find returns an approval as it stands now, nil when there is none.
func (s *Server) find(id string) *Approval {
	for _, a := range s.approvals {
		if a.ID == id {
			if a.Status == "pending" && time.Now().After(a.expires) {
				a.Status = "expired"
			}
			return a
		}
	}
	return nil
}

func (s *Server) withdraw(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.find(r.PathValue("id")); a != nil && a.Status == "pending" {
		a.Status = "expired"
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) known(w http.ResponseWriter, r *http.Request) {
	if s.HasDevice(r.PathValue("id")) {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.WriteHeader(http.StatusGone)
}

func (s *Server) forget(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.devices[r.PathValue("id")] {
		w.WriteHeader(http.StatusGone)
		return
	}
	delete(s.devices, r.PathValue("id"))
	w.WriteHeader(http.StatusNoContent)
}

func answer(w http.ResponseWriter, status int, a *Approval) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(a) // the bank went away
}

// Enrol gives a phone the app.
func (s *Server) Enrol(device string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.devices[device] = true
}

// HasDevice says whether a device is enrolled.
func (s *Server) HasDevice(device string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.devices[device]
}

// Remove removes a phone's app, and tells the bank. The error is that of telling.
func (s *Server) Remove(device string) error {
	s.mu.Lock()
	delete(s.devices, device)
	s.mu.Unlock()
	return s.tell(map[string]string{"event": "device.removed", "device": device})
}

// Shown lists what a phone was asked, oldest first.
func (s *Server) Shown(device string) []Approval {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Approval
	for _, a := range s.approvals {
		if a.Device == device {
			list = append(list, *s.find(a.ID))
		}
	}
	return list
}

// Answer is the person's on the phone: approved or denied. It tells the bank; the error is that of telling, or that nothing was asked.
func (s *Server) Answer(approval, status string) error {
	s.mu.Lock()
	a := s.find(approval)
	if a == nil || a.Status != "pending" || (status != "approved" && status != "denied") {
		s.mu.Unlock()
		return fmt.Errorf("approval %s is not waiting for %q", approval, status)
	}
	a.Status = status
	device := a.Device
	s.mu.Unlock()
	return s.tell(map[string]string{"event": "approval.answered", "approval": approval, "device": device})
}

// tell sends a callback.
func (s *Server) tell(event map[string]string) error {
	if s.CallbackURL == "" {
		return nil
	}
	body, err := json.Marshal(event)
	if err != nil {
		return err
	}
	for range s.Repeat + 1 {
		status, err := s.Send(body, Sign(s.CallbackKey, body, time.Now()))
		if err != nil {
			return err
		}
		if status != http.StatusNoContent {
			return fmt.Errorf("the bank answered %d", status)
		}
	}
	return nil
}

// Send sends a body with a signature to the bank, whatever they are, and returns the status of the answer.
func (s *Server) Send(body []byte, signature string) (int, error) {
	r, err := http.NewRequest(http.MethodPost, s.CallbackURL, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Token-Signature", signature)
	client := s.HTTP
	if client == nil {
		client = http.DefaultClient
	}
	res, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

// Sign makes the signature of a callback.
func Sign(key string, body []byte, at time.Time) string {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(seconds + "."))
	mac.Write(body)
	return "t=" + seconds + ",v1=" + hex.EncodeToString(mac.Sum(nil))
}
